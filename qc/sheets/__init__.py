"""Spreadsheets in which no cell is ever a formula."""
