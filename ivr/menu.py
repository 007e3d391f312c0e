"""A whole menu: its languages, its prompts, its steps, and the version that a call keeps."""

import hashlib
import json
from functools import cached_property
from typing import Annotated

from pydantic import Field

from ivr.menu_steps import AnyStep, Branch, Choice, Enqueue, Language, Name, Part, Set, Text


class Menu(Part):
    """A whole menu. `after_talk` is where a call goes on when the agent hangs up first (else it ends)."""

    name: Name
    title: str = ""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    start: Name
    after_talk: Name | None = None
    on_error: Name
    prompts: dict[Name, dict[Language, Text]] = Field(default_factory=dict)
    steps: Annotated[dict[Name, AnyStep], Field(min_length=1)]

    @cached_property
    def version(self) -> str:
        """SHA-256 of the canonical content: layout and comments of the file do not change it."""
        content = self.model_dump(mode="json", by_alias=True)
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def language_for(self, wanted: str) -> str:
        """The menu's language for who wants `wanted`: that one, its base (`zh` of `zh-CN`), or the first."""
        base = wanted.partition("-")[0]
        return next((found for found in (wanted, base) if found in self.languages), self.languages[0])

    def queues_named(self) -> frozenset[str]:
        """Queues that the routing configuration must have."""
        return frozenset(s.queue for s in self.steps.values() if isinstance(s, Enqueue) and s.queue)

    def intents(self) -> frozenset[str]:
        """Every intent that the menu may set."""
        options = (o.intent for s in self.steps.values() if isinstance(s, Choice) for o in s.options)
        sets = (s.intent for s in self.steps.values() if isinstance(s, Set))
        return frozenset(intent for intent in (*options, *sets) if intent)

    def tiers_named(self) -> frozenset[str]:
        """Tiers that the routing configuration must have."""
        cases = (case for s in self.steps.values() if isinstance(s, Branch) for case in s.cases)
        return frozenset(tier for case in cases for tier in case.tier or ())

    def languages_heard(self) -> frozenset[str]:
        """Languages in which a caller may answer by speaking."""
        choices = [step for step in self.steps.values() if isinstance(step, Choice)]
        return frozenset(spoken for spoken in self.languages for step in choices if step.phrases(spoken))
