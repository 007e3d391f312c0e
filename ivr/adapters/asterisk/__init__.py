"""Calls on an Asterisk, steered over AMI: from first to last a caller stays in AGI(agi:async)."""
