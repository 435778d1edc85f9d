"""Scorecards: verdicts → item scores → score, grade, fatal items."""
