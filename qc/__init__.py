"""qc: batch quality inspection (智能质检) for contact centres."""

__version__ = "0.6.0"
