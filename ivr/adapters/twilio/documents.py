"""The documents that one caller is given, counted by turn."""

from ivr.adapters.twilio import twiml
from ivr.adapters.twilio.line import Line
from ivr.adapters.twilio.script import Script


class Documents:
    """`turn` is the present one's. A `resumed` caller hears one of an earlier process, with its own turn.

    `called`: Twilio was told to fetch the next one, and has not.
    """

    def __init__(self, line: Line, script: Script, turn: int, *, resumed: bool) -> None:
        self.turn = turn
        self.called = False
        self.present: str | None = None
        self._line = line
        self._script = script
        self._resumed = resumed
        self._piece: tuple[int, int] | None = None  # of the waiting music, that was given last
        self._music = ""

    def is_present(self, turn: int) -> bool:
        """Whether this is the turn of the document that the caller hears, or is to fetch."""
        return turn == self.turn or (self._resumed and self.present is None)

    def call(self) -> int:
        """The present document is over: the turn by which the next one is fetched."""
        self.turn += 1
        self.called = True
        return self.turn

    def give_up(self) -> None:
        """Twilio was not told, and is told again at the next occasion."""
        self.called = False

    async def render(self) -> str:
        """The next document."""
        tools = self._line.tools
        actions = self._script.take()
        self.called = False
        self.turn += 1
        sounds = await tools.links.urls(twiml.prompts_of(actions))
        place = twiml.Place(tools.account, self._line.call_id, self.turn, sounds)
        self.present = twiml.document(actions, place)
        return self.present

    async def waiting(self, turn: int, piece: int) -> str:
        """A piece of music, and what is to be said into it; the same again when it is asked for again."""
        if self._piece != (turn, piece):
            tools, hold = self._line.tools, self._script.hold
            said = self._script.announcement()
            sounds = await tools.links.urls(said)
            music = await tools.links.music(hold.music if hold else "default", piece)
            place = twiml.Place(tools.account, self._line.call_id, turn, sounds)
            self._music = twiml.waiting(said, place, music, piece)
            self._piece = (turn, piece)
        return self._music
