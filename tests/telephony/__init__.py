"""A real telephone network on one machine: an Asterisk, SIP phones, SIP callers in bulk, and their audio."""
