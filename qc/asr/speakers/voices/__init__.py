"""Whose voice: speakers of a channel that several share."""
