"""Who asks: a name with a role, known by a token of which only the hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum

from api.errors import NotYourAgent


class Role(StrEnum):
    """Each role may do all that the one before it may."""

    AGENT = "agent"
    QA = "qa"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `agent` is the login of the agent whose token it is."""

    name: str
    role: Role
    agent: str | None = None

    @property
    def sees_numbers(self) -> bool:
        """Whether callers' numbers and names are shown to them in full."""
        return self.role.covers(Role.SUPERVISOR)

    def sees_agent(self, login: str) -> bool:
        """Whether they may know what an agent does: agents know it of themselves only."""
        return self.role.covers(Role.QA) or self.agent == login

    def require_agent(self, login: str) -> None:
        """Raises `NotYourAgent` unless they may act for `login`: their own agent, or as supervisor any."""
        if not self.role.covers(Role.SUPERVISOR) and self.agent != login:
            raise NotYourAgent(login)


def new_token() -> str:
    """256 random bits, recognisable to those who search for leaked secrets."""
    return f"hotline_{secrets.token_urlsafe(32)}"


def digest(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so an unsalted SHA-256 cannot be searched."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
