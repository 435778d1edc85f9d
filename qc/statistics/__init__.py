"""Intervals, tests and distributions that several rooms need: numpy only, nothing of ours. Checked against scipy."""
