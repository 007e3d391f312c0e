"""The sound of prompts and music, at URLs that nobody can guess, for Twilio to fetch."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from ivr.actions import Prompt
from ivr.adapters.twilio.account import Account


class PromptLinks:
    """URLs of files below `folders`, each with a signature by a key that is derived from the auth token.

    `find` gives a prompt's file (`PromptAudio.path`).
    """

    def __init__(
        self, account: Account, find: Callable[[Prompt], Awaitable[Path]], folders: Sequence[Path]
    ) -> None:
        raise NotImplementedError

    async def urls(self, prompts: Sequence[Prompt]) -> dict[Prompt, str]:
        """The prompts' URLs; none when Twilio is to speak them."""
        raise NotImplementedError

    async def music(self, name: str, piece: int) -> str | None:
        """The URL of that piece of waiting music, the first again after the last; None without music."""
        raise NotImplementedError

    def file(self, name: str, signature: str) -> Path | None:
        """The file that was asked for; None unless it is one of ours and the signature is right."""
        raise NotImplementedError
