"""Run directories, atomic part files, readers."""
