"""Whether a stored run can be trusted: its files, its counts, what refers to what, and a sample judged again."""
