"""Measurements of emotion on labelled text that is not ours to ship."""
