"""Who is calling: the customer file and their tier."""
