"""Public opinion over stored runs: daily figures, baselines, surges, alerts, complaints, repeated contacts.

Reads stored tables only.
"""
