"""Two runs over the same recordings, heard in two ways: which findings are not the same, and why."""
