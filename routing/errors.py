"""What can go wrong with agents and queues. The ids are part of the API: do not rename them."""


class RoutingError(Exception):
    """Base of this package's errors; `id` is stable and safe to show."""

    id = "routing-error"


class IllegalAgentTransition(RoutingError):
    """The agent is not in a state in which this can happen; nothing was changed."""

    id = "illegal-agent-transition"

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"an agent who is {state} cannot take {event}")


class UnknownAgent(RoutingError):
    id = "unknown-agent"

    def __init__(self, login: str) -> None:
        super().__init__(f"there is no agent {login!r}")


class AgentExists(RoutingError):
    id = "agent-exists"

    def __init__(self, login: str) -> None:
        super().__init__(f"there is an agent {login!r} already")


class AgentConflict(RoutingError):
    """Somebody else appended to the agent's timeline first: read it again and decide anew."""

    id = "agent-conflict"


class AgentInvalid(RoutingError):
    """The agent's record was refused: a skill, a level or a name that is not allowed."""

    id = "agent-invalid"


class EndpointInUse(RoutingError):
    id = "endpoint-in-use"

    def __init__(self, endpoint: str, login: str) -> None:
        super().__init__(f"{login!r} is signed in on {endpoint!r}")
