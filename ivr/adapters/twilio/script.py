"""What one caller is to hear: actions in, one document's worth after the other out. Pure.

A document cannot be changed once Twilio has it. Hangup is a document of its own: it is fetched when what came
before was heard, so that a caller who hangs up during a farewell is known to have done so.
"""

from collections.abc import Sequence

from ivr.actions import Action, Announce, Gather, Hangup, Hold, Play, Prompt, Reject

_ENDS = (Hangup, Reject)
_LASTS = (Gather, Hold)  # until an input, or until further actions


class Script:
    """`shown` is what the present document holds; empty: silence."""

    def __init__(self) -> None:
        self.shown: tuple[Action, ...] = ()
        self.fresh = False  # whether something was added since the last document
        self._jobs: list[Action] = []
        self._announcements: list[tuple[Prompt, ...]] = []

    def add(self, action: Action) -> None:
        """Any action that the caller hears."""
        if isinstance(action, Announce):
            self._announcements.append(action.prompts)
        else:
            self._jobs.append(action)
            self.fresh = True

    @property
    def hold(self) -> Hold | None:
        """The wait that goes on."""
        return self.shown[-1] if self.shown and isinstance(self.shown[-1], Hold) else None

    @property
    def gather(self) -> Gather | None:
        """The question that was asked."""
        return self.shown[-1] if self.shown and isinstance(self.shown[-1], Gather) else None

    @property
    def next_gather(self) -> Gather | None:
        """The question that is to be asked."""
        return next((job for job in reversed(self._jobs) if isinstance(job, Gather)), None)

    @property
    def ends_by_itself(self) -> bool:
        """Whether the present document is soon heard to its end, and the next one fetched then."""
        return bool(self.shown) and not isinstance(self.shown[-1], _LASTS)

    @property
    def only_ends(self) -> bool:
        """Whether nothing is to be heard any more before the end."""
        return bool(self._jobs) and isinstance(self._jobs[0], _ENDS)

    @property
    def only_waits(self) -> bool:
        """Whether what is new is nothing but to wait on."""
        heard = [job for job in self._jobs if isinstance(job, (Play, Gather, *_ENDS))]
        holds = [job for job in self._jobs if isinstance(job, Hold)]
        return not heard and bool(holds) and not holds[-1].prompts

    def take(self) -> tuple[Action, ...]:
        """The next document. What was asked for last goes on when there is nothing new."""
        self.fresh = False
        jobs = _as_heard(self._jobs)
        if not jobs:
            jobs = [self.shown[-1]] if self.shown and isinstance(self.shown[-1], _LASTS) else []
            if jobs and isinstance(jobs[0], Hold):
                jobs = [Hold(jobs[0].music)]
            self._jobs = []
        else:
            end = next((at for at, job in enumerate(jobs) if isinstance(job, _ENDS)), len(jobs))
            audible = any(isinstance(job, (Play, *_LASTS)) for job in jobs[:end])
            cut = end if audible else end + 1
            self._jobs = list(jobs[cut : end + 1])
            jobs = jobs[:cut]
        self.shown = tuple(jobs)
        if self.hold is None:
            self._announcements.clear()
        return self.shown

    def wait(self) -> None:
        """The caller waits with music, as an earlier process had it."""
        self.shown = (Hold(),)

    def interrupt(self) -> None:
        """An agent waits: what may be cut short is not heard any more."""
        holds = [action for action in (*self.shown, *self._jobs) if isinstance(action, Hold)]
        self._jobs = [Hold(holds[-1].music)] if holds else self._jobs
        self.fresh = self.fresh or bool(holds)

    @property
    def may_be_interrupted(self) -> bool:
        """Whether the caller hears something for which an agent who answers need not wait."""
        ahead = (*self.shown, *self._jobs)
        if not any(isinstance(job, (Play, Hold)) and job.prompts for job in ahead):
            return False
        insists = any(isinstance(job, (Gather, *_ENDS)) for job in ahead) or any(
            isinstance(job, Play) and not job.interruptible for job in ahead
        )
        return not insists and any(isinstance(job, Hold) for job in ahead)

    def announcement(self) -> tuple[Prompt, ...]:
        """What is to be said into the music now, once."""
        said = tuple(prompt for prompts in self._announcements for prompt in prompts)
        self._announcements.clear()
        return said


def _as_heard(jobs: Sequence[Action]) -> list[Action]:
    """Without questions and waits that what follows them ends at once."""
    last = len(jobs) - 1
    return [job for at, job in enumerate(jobs) if at == last or not isinstance(job, _LASTS)]
