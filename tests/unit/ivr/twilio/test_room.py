"""Facts about a conference, in any order."""

from itertools import permutations

from ivr.adapters.twilio.room import Room
from ivr.adapters.twilio.webhooks import ConferenceEvent
from ivr.events import Party

CALLER, AGENT, ROOM = "CA" + "2" * 32, "CA" + "3" * 32, "CF" + "4" * 32


def party_of(sid: str) -> Party:
    return Party.CUSTOMER if sid == CALLER else Party.AGENT


AGENT_LEAVES = (
    ConferenceEvent("participant-join", ROOM, 1, CALLER),
    ConferenceEvent("participant-join", ROOM, 2, AGENT),
    ConferenceEvent("conference-start", ROOM, 3),
    ConferenceEvent("participant-leave", ROOM, 4, AGENT, None, "participant_hung_up"),
    ConferenceEvent("participant-leave", ROOM, 5, CALLER, None, "moderator_ended_conference"),
    ConferenceEvent(
        "conference-end", ROOM, 6, None, None, None, AGENT, "participant-with-end-conference-on-exit-left"
    ),
)


def test_who_left_first_does_not_depend_on_the_order() -> None:
    for order in permutations(AGENT_LEAVES):
        room = Room(ROOM)
        for event in order:
            room.learn(event, party_of)
            room.learn(event, party_of)
        assert room.first_left is Party.AGENT
        assert room.entered == room.left == room.people == {CALLER, AGENT}
        assert room.over
        assert not room.holds(CALLER)


def test_of_two_who_hung_up_the_earlier_was_first() -> None:
    room = Room(ROOM)
    room.learn(ConferenceEvent("participant-leave", ROOM, 5, AGENT, None, "participant_hung_up"), party_of)
    room.learn(ConferenceEvent("participant-leave", ROOM, 4, CALLER, None, "participant_hung_up"), party_of)
    assert room.first_left is Party.CUSTOMER


def test_the_end_alone_tells_who_was_first() -> None:
    room = Room(ROOM)
    room.learn(AGENT_LEAVES[-1], party_of)
    assert room.first_left is Party.AGENT
    assert AGENT in room.people
