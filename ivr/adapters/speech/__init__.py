"""Speech while the caller speaks: the server that Asterisk's AEAP connects to."""
