"""What supervisors and administrators set, and the process-wide basics: settings, clock, logging, database."""
