"""Spreadsheets: workbooks and CSV out, workbooks back in. Knows nothing of calls."""
