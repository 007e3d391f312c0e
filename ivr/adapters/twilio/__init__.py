"""Twilio as a carrier: TwiML and webhooks towards callers, REST towards Twilio."""
