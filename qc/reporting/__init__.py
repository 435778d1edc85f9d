"""Stored tables → view models → HTML."""
