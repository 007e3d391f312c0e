"""What supervisors and administrators set, and the basics: settings, clock, logging, database."""
