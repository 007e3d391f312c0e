"""Verbs and nouns of TwiML for voice with their attributes: twilio.com/docs/voice/twiml."""

_CALLBACK = {"statusCallback", "statusCallbackMethod", "statusCallbackEvent"}
_RECORDING = {"recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent"}
_NOUN = {"url", "method", "machineDetection", "referUrl", "referMethod"} | _CALLBACK

ATTRIBUTES: dict[str, set[str]] = {
    "Response": set(),
    "Say": {"voice", "loop", "language"},
    "Play": {"loop", "digits"},
    "Pause": {"length"},
    "Redirect": {"method"},
    "Reject": {"reason"},
    "Hangup": set(),
    "Gather": {
        "input", "action", "method", "timeout", "speechTimeout", "maxSpeechTime", "profanityFilter",
        "finishOnKey", "numDigits", "partialResultCallback", "partialResultCallbackMethod", "language",
        "hints", "bargeIn", "debug", "actionOnEmptyResult", "dtmfDetection", "speechModel", "enhanced",
    },
    "Record": {
        "action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", "transcribe",
        "transcribeCallback",
    } | _RECORDING,
    "Dial": {
        "action", "method", "timeout", "hangupOnStar", "timeLimit", "callerId", "record", "trim",
        "answerOnBridge", "ringTone", "recordingTrack", "sequential", "referUrl", "referMethod", "events",
    } | _RECORDING,
    "Conference": {
        "muted", "beep", "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "waitMethod",
        "maxParticipants", "record", "region", "coach", "trim", "eventCallbackUrl", "jitterBufferSize",
        "participantLabel",
    } | _CALLBACK | _RECORDING,
    "Number": {"sendDigits", "byoc"} | _NOUN,
    "Sip": {"username", "password", "codecs"} | _NOUN,
    "Client": _NOUN,
}  # fmt: skip

CHILDREN: dict[str, set[str]] = {
    "Response": {"Say", "Play", "Pause", "Redirect", "Reject", "Hangup", "Gather", "Record", "Dial"},
    "Gather": {"Say", "Play", "Pause"},
    "Dial": {"Conference", "Number", "Sip", "Client"},
}

IN_A_WAITING_ROOM = {"Say", "Play", "Pause", "Redirect"}
"""What a conference's waitUrl may say: twilio.com/docs/voice/twiml/conference#attributes-wait-url."""
