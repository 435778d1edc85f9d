"""Operators, the keyword engine and the judge."""
