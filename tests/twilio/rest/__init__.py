"""The REST API that the program calls: twilio.com/docs/voice/api, as in Twilio's OpenAPI description."""
