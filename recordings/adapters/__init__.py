"""Where audio is kept, and what turns it into words."""
