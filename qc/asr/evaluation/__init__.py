"""How well speech is recognised: transcripts against what was really said."""
