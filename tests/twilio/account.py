"""Whom the carrier serves: one account with its secrets, and its telephone numbers."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """`keys`: API keys, SID -> secret. Webhooks are signed with `auth_token`."""

    sid: str = "AC" + "0123456789abcdef" * 2
    auth_token: str = "standin-auth-token"
    keys: dict[str, str] = field(default_factory=dict)

    def opened_by(self, name: str, secret: str) -> bool:
        return (name, secret) == (self.sid, self.auth_token) or self.keys.get(name) == secret


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the account, and whom it asks what to do with a call."""

    number: str
    voice_url: str
    voice_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
