"""What keeps personal data where it belongs: the vault and its key, the check that nothing leaked, bleeped audio."""
