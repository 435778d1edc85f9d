"""Stages, executors and resume."""
