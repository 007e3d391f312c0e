"""What can go wrong between the program and an Asterisk."""

from ivr.errors import CarrierUnavailable


class AmiError(CarrierUnavailable):
    """Base of what an action or a command may raise."""

    id = "ami-error"


class LinkLost(AmiError):
    """The connection went away before the answer came; whether the action was carried out is not known."""

    id = "ami-link-lost"


class ActionRefused(AmiError):
    id = "ami-action-refused"

    def __init__(self, action: str, why: str) -> None:
        super().__init__(f"{action}: {why}")


class ActionOverdue(AmiError):
    id = "ami-action-overdue"

    def __init__(self, action: str, seconds: float) -> None:
        super().__init__(f"{action}: no answer within {seconds:g} s")


class LineTooLong(AmiError):
    """Asterisk would cut the line and misread what follows it."""

    id = "ami-line-too-long"


class ChannelGone(AmiError):
    """The caller's channel does not take commands any more."""

    id = "ami-channel-gone"


class AgiFailed(AmiError):
    """Asterisk did not understand a command (510, 520), or its application is not there."""

    id = "agi-failed"
