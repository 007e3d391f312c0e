"""The carriers: Asterisk, Twilio and the simulator, each a translation of the Telephony port."""
