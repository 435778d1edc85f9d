"""Measurements of transcription: the audio they are made on, and character error rates."""
