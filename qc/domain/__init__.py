"""The nouns of qc as frozen dataclasses. Standard library only."""
