"""Lint and inline tests of rules."""
