"""The call: its life, its menu, and the carriers that bring it."""
