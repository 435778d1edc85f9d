"""What was heard, in the words people and rules read."""
