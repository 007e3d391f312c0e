"""Where the live routing state is held: in this process, or in Redis."""
