"""Stored runs as workbooks, CSV and Parquet for others to work with."""
