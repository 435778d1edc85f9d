"""Recognisers: windows of speech in, phrases out; which one to take, and what each must promise."""
