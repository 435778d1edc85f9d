"""Recordings as sound: decoding, levels, where somebody speaks, what leaked from the other channel."""
