"""What carriers post to us. Their signatures stand in for API tokens."""
