"""Choosing by heads is choosing among everybody."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from routing.adapters.memory import MemoryBoard
from routing.matching import ClassView, ReadyAgent, choose_agent, choose_call, decide
from routing.ports import Standing
from routing.queue import Waiting
from routing.skill import EVERYBODY, Skills, class_of, classes_of, covers, everybody_on
from tests.unit.routing.builders import after, an_id, given_waiting

NEEDS: dict[str, list[Skills]] = {
    "sales": [{"sales": 3, "zh": 2}, {"sales": 1}, {}],
    "orders": [{"orders": 2}],
    "safety": [{"zh": 4}, {"zh": 1}],
}
CARRIERS = ("asterisk", "twilio")
PLACES = [
    (queue, step, carrier)
    for queue, steps in NEEDS.items()
    for step in range(len(steps))
    for carrier in CARRIERS
]


@dataclass(frozen=True)
class Person:
    skills: dict[str, int]
    ready_since: int | None
    carrier: str | None = "asterisk"
    """Whose phone they have; None for one that nobody can ring."""

    def may_serve(self, waiting: Waiting) -> bool:
        needed = NEEDS[waiting.queue][waiting.step]
        return self.carrier == waiting.carrier and covers(self.skills, needed)

    @property
    def classes(self) -> tuple[str, ...]:
        if self.carrier is None:
            return (EVERYBODY,)
        return (*classes_of(self.skills, NEEDS, self.carrier), everybody_on(self.carrier), EVERYBODY)


#: (queue, step, carrier), arrival, lane
Place = tuple[tuple[str, int, str], int, int]

_people = st.lists(
    st.builds(
        Person,
        st.dictionaries(st.sampled_from(["sales", "orders", "zh"]), st.integers(1, 5)),
        st.none() | st.integers(0, 5),
        st.sampled_from([*CARRIERS, *CARRIERS, None]),
    ),
    max_size=8,
)
_callers = st.lists(
    st.tuples(st.sampled_from(PLACES), st.integers(0, 5), st.sampled_from([0, 0, 0, 1])), max_size=8
)


async def given_board(people: list[Person], line: list[Waiting]) -> MemoryBoard:
    board = MemoryBoard()
    for number, person in enumerate(people):
        ready = person.ready_since
        await board.stand(
            Standing(
                f"agent{number}",
                1,
                "paused" if ready is None else "ready",
                person.classes,
                None if ready is None else after(ready),
            )
        )
    for waiting in line:
        await board.join(waiting)
    return board


def given_line(callers: list[Place]) -> list[Waiting]:
    return [
        given_waiting(number, arrived, queue=queue, step=step, carrier=carrier, lane=lane)
        for number, ((queue, step, carrier), arrived, lane) in enumerate(callers, 1)
    ]


@given(_people, _callers)
async def test_an_agent_is_given_the_caller_whom_a_look_at_all_callers_finds(
    people: list[Person], callers: list[Place]
) -> None:
    line = given_line(callers)
    board = await given_board(people, line)
    for number, person in enumerate(people):
        suited = [waiting for waiting in line if person.may_serve(waiting)]
        expected = min(suited, key=lambda w: (-w.lane, w.virtual_arrival, w.call), default=None)
        assert choose_call(await board.heads_for(f"agent{number}")) == expected


@given(_people, _callers)
async def test_a_caller_is_given_the_agent_whom_a_look_at_all_agents_finds(
    people: list[Person], callers: list[Place]
) -> None:
    line = given_line(callers)
    board = await given_board(people, line)
    for waiting in line:
        suited = [
            (person.ready_since, f"agent{number}")
            for number, person in enumerate(people)
            if person.ready_since is not None and person.may_serve(waiting)
        ]
        chosen = choose_agent((await board.view(waiting.requirement_class, 3)).ready)
        assert (chosen.login if chosen else None) == (min(suited)[1] if suited else None)


@given(_people)
async def test_the_explanation_accounts_for_every_agent_who_is_signed_in(people: list[Person]) -> None:
    board = await given_board(people, [])
    for queue, step, carrier in PLACES:
        view = await board.view(class_of(queue, step, carrier), 4)
        chosen = choose_agent(view.ready)
        if chosen is not None:
            found = decide(chosen, given_waiting(1), view, "sales 3", after(9))
            assert sum(found.passed_over.values()) == len(people) - 1
            strangers = sum(person.carrier != carrier for person in people)
            assert found.passed_over.get("has no phone of this carrier", 0) == strangers
            assert ("a phone of this carrier" in found.why) == bool(strangers)
            unskilled = [
                p for p in people if p.carrier == carrier and not covers(p.skills, NEEDS[queue][step])
            ]
            assert found.passed_over.get("lacks the skills", 0) == len(unskilled)


@given(_people)
async def test_every_agent_with_a_phone_counts_for_exactly_one_carrier(people: list[Person]) -> None:
    board = await given_board(people, [])
    for queue, step in {(queue, step) for queue, step, _ in PLACES}:
        views = [await board.view(class_of(queue, step, carrier), 0) for carrier in CARRIERS]
        covering = sum(p.carrier is not None and covers(p.skills, NEEDS[queue][step]) for p in people)
        assert sum(view.covering for view in views) == covering
        assert sum(view.rung for view in views) == sum(p.carrier is not None for p in people)
        assert {view.everybody for view in views} == {len(people)}


def test_a_decision_says_who_was_chosen_and_who_was_near() -> None:
    ready = tuple(ReadyAgent(login, after(at)) for login, at in [("ann", 0), ("bob", 10), ("cid", 20)])
    view = ClassView(ready, {"ready": 3, "talking": 2}, rung=9, everybody=9)
    found = decide(ready[0], given_waiting(7, 5), view, "sales 3, zh 2", after(30))
    assert found.agent == "ann"
    assert found.why == "ready longest (30 s) of 3 with sales 3, zh 2; caller next in line after 25 s"
    assert found.passed_over == {"ready for less long": 2, "talking": 2, "lacks the skills": 4}
    assert found.nearest == ("bob: ready 20 s", "cid: ready 10 s")
    assert an_id(7) == given_waiting(7).call
