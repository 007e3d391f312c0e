"""What the adapter knows about its Twilio account, and the URLs at which Twilio finds us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from config.settings import TwilioSettings

PERSISTENT = "#rc=3&rp=all"
"""Twilio tries such a URL three times more whatever went wrong, not just when it could not connect
(https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides). The signature leaves it out."""


@dataclass(frozen=True, slots=True)
class Account:
    """`key` is an API key's SID and secret; without one, requests authenticate with the auth token.

    Webhooks are signed with the auth token, or with a SharedKey whose secret is `shared_key`. `voices` are by
    language of the menus. All URLs are absolute.
    """

    sid: str
    auth_token: str = field(repr=False)
    public_url: str
    base_url: str = "https://api.twilio.com"
    key: tuple[str, str] | None = field(default=None, repr=False)
    shared_key: str = field(default="", repr=False)
    caller_id: str = ""
    say: bool = False
    voices: Mapping[str, str] = field(default_factory=dict)
    delete_recordings: bool = False
    requests_per_second: float = 50.0
    calls_per_second: float = 1.0
    timeout_seconds: float = 10.0

    @classmethod
    def of(cls, settings: TwilioSettings) -> "Account":
        key = settings.api_key_secret.get_secret_value()
        return cls(
            sid=settings.account_sid,
            auth_token=settings.auth_token.get_secret_value(),
            public_url=settings.public_url,
            base_url=settings.base_url,
            key=(settings.api_key_sid, key) if settings.api_key_sid else None,
            shared_key=settings.shared_key.get_secret_value(),
            caller_id=settings.caller_id,
            say=settings.say,
            voices=settings.voices,
            delete_recordings=settings.delete_recordings,
            requests_per_second=settings.requests_per_second,
            calls_per_second=settings.calls_per_second,
            timeout_seconds=settings.timeout_seconds,
        )

    @property
    def login(self) -> tuple[str, str]:
        """HTTP Basic: the API key where there is one."""
        return self.key or (self.sid, self.auth_token)

    def requested(self, path: str, query: str) -> str:
        """The URL that Twilio asked for, from what came through the proxy: path and query, both as sent."""
        return f"{self.public_url}{path}?{query}" if query else f"{self.public_url}{path}"

    def url(self, path: str, **query: object) -> str:
        """`path`, which begins with a slash, below the public URL."""
        return self.requested(path, urlencode(query))

    def voice(self) -> str:
        """For a new call; the number's voice URL."""
        return self.url("/twilio/voice")

    def fallback(self) -> str:
        return self.url("/twilio/voice/fallback")

    def status(self) -> str:
        """Told when a caller's call ends; the number's status callback."""
        return self.url("/twilio/status")

    def next(self, call: UUID, turn: int, heard: bool = False) -> str:
        """The document to hear now; `heard`: Twilio comes because that of `turn` was heard to its end."""
        return self.url(f"/twilio/calls/{call}/next", turn=turn, **({"heard": 1} if heard else {}))

    def gathered(self, call: UUID, turn: int, step: str) -> str:
        return self.url(f"/twilio/calls/{call}/gathered", turn=turn, step=step)

    def waiting(self, call: UUID, turn: int, piece: int = 0) -> str:
        """What a caller in the conference hears; `piece` counts the pieces of music."""
        return self.url(f"/twilio/calls/{call}/waiting", turn=turn, **({"piece": piece} if piece else {}))

    def joined(self, call: UUID, turn: int) -> str:
        """Where the caller's call goes on after the conference."""
        return self.url(f"/twilio/calls/{call}/joined", turn=turn)

    def conference(self, call: UUID) -> str:
        """Told of the conference's start and end, and of who joins and leaves."""
        return self.url(f"/twilio/calls/{call}/conference") + PERSISTENT

    def leg_status(self, call: UUID, reservation: UUID) -> str:
        """Told of an agent's leg."""
        return self.url(f"/twilio/legs/{reservation}/status", call=call) + PERSISTENT

    def recording_status(self, call: UUID, recording: UUID) -> str:
        return self.url(f"/twilio/recordings/{recording}/status", call=call) + PERSISTENT
