"""Public opinion over stored runs: daily figures, baselines, surges, alerts, repeat contacts. Reads stored tables only."""
