"""One Arrow schema per table, each with a version."""
