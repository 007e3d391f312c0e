"""Recorded conversations: check-in, transcription, redaction, retention."""
