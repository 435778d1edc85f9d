"""openai-whisper as a Transcriber. The only package that imports whisper and torch."""
