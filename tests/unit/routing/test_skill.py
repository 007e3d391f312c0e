import pytest

from routing.skill import EVERYBODY, classes_of, covers, spell


@pytest.mark.parametrize(
    ("skills", "needed", "covered"),
    [
        ({"sales": 3}, {"sales": 3}, True),
        ({"sales": 2}, {"sales": 3}, False),
        ({}, {"sales": 1}, False),
        ({}, {}, True),
        ({"sales": 5, "zh": 1}, {"sales": 3, "zh": 2}, False),
    ],
)
def test_an_agent_covers_what_each_of_their_levels_reaches(
    skills: dict[str, int], needed: dict[str, int], covered: bool
) -> None:
    assert covers(skills, needed) is covered


def test_an_agent_lists_every_step_of_every_queue_that_they_cover() -> None:
    queues = {"sales": [{"sales": 3}, {"sales": 1}, {}], "orders": [{"orders": 1}]}
    assert classes_of({"sales": 2}, queues, "twilio") == ("sales/1/twilio", "sales/2/twilio")
    assert EVERYBODY not in classes_of({}, queues, "twilio")


def test_requirements_are_spelt_for_people() -> None:
    assert spell({"sales": 3, "zh": 2}) == "sales 3, zh 2"
    assert spell({}) == "nothing in particular"
