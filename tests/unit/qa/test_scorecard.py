"""Scorecards are refused with file, line, what is wrong and what is allowed."""

from pathlib import Path
from shutil import copytree

import pytest
import yaml

from config.yaml_lines import ConfigInvalid
from qa.library import load_library
from qa.scorecard import Manual, PhraseForbidden, PhraseSaid, card_flaws
from tests.unit.qa.talk import CONFIG, card, library

EN = "scorecards/service-en.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("scorecards", "phrases"):
        copytree(CONFIG / name, tmp_path / name)
    return tmp_path


def refusal(folder: Path, old: str, new: str, file: str = EN) -> str:
    """What loading says after one change in a file."""
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        load_library(folder)
    return str(caught.value).removeprefix(str(folder) + "/")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: dead_air", "kind: dead_ear", "did you mean 'dead_air'"),
        ("at_most: 1", "at_mots: 1", "is not a key here; did you mean 'at_most'"),
        ("families: [greeting]", "families: [greating]", "did you mean 'greeting'"),
        ("before: [probing]", "before: [probling]", "there is no family"),
        ("languages: [en]", "languages: [fr]", "there is no phrase book for 'fr'"),
        ("weight: 25", "weight: 20", "the weights add up to 95, not 100"),
        ("    weight: 25\n", "", "either every section has a weight or none has"),
        ("id: introduction", "id: greeting", "'greeting' is the id of an earlier item"),
        ("at_least: 0}", "at_least: 10}", "the last band starts at 0"),
        ("at_least: 80", "at_least: 95", "from the highest to the lowest"),
        ("min: 0.3", "min: 0.8", "0.8 is above max 0.7"),
        ("pass_from: 3", "pass_from: 6", "6 is above scale 5"),
        ("points: 6", "points: six", "should be a number"),
        ("only_when: [complaint]", "only_when: [complaints]", "did you mean 'complaint'"),
        ("within: {first: 15}", "within: {first: 0}", "greater than 0"),
        ("families: [jargon]", "phrases: []", "names no phrases"),
        (
            "only_when: [complaint]",
            "only_when: [complaint]\n        not_applicable: forbid",
            "cannot both forbid",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(folder: Path, old: str, new: str, message: str) -> None:
    said = refusal(folder, old, new)
    file, line, *_ = said.split(":")
    assert (file, line.isdecimal()) == (EN, True)
    assert message in said


def test_the_line_is_that_of_the_mistake(folder: Path) -> None:
    lines = (CONFIG / EN).read_text("utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "kind: dead_air" in text)
    assert refusal(folder, "kind: dead_air", "kind: dead_ear").startswith(f"{EN}:{line}:")


def test_two_cards_with_one_id_and_two_books_of_one_language(folder: Path) -> None:
    assert "also that of an earlier file" in refusal(folder, "id: service-en", "id: service-ko")
    assert "also that of an earlier file" in refusal(
        folder, "language: zh", "language: en", "phrases/zh.yaml"
    )


def test_a_broken_phrase_book_is_told_alone(folder: Path) -> None:
    said = refusal(folder, "      - hello\n", "      - hello\n      - Hello!\n", "phrases/en.yaml")
    assert said.count("\n") == 0
    assert "is there twice" in said


def test_cards_are_chosen_by_the_primary_language() -> None:
    found = library().for_language("zh-Hant-TW")
    assert found is not None
    assert (found[0].id, found[1].language) == ("service-zh", "zh")
    assert library().for_language("fr") is None


def test_an_item_without_points_anywhere_is_a_flaw() -> None:
    pointless = card({"id": "a", "kind": "manual", "points": 0})
    assert [flaw.message for flaw in card_flaws(pointless, library().books)] == ["no item has points"]


def test_default_cards_never_count_complaints() -> None:
    for path in sorted((CONFIG / "scorecards").glob("*.yaml")):
        for section in yaml.safe_load(path.read_text("utf-8"))["sections"]:
            for item in section["items"]:
                words = f"{item['id']} {item['kind']} {item['title']}".lower()
                assert "complain" not in words
                assert "投诉" not in words
                assert "complaint" not in item.get("not_when", [])


def test_default_cards_hold_what_a_call_is_scored_by() -> None:
    for name in ("service-en", "service-zh", "service-ko"):
        found = next(card for card in library().cards if card.id == name)
        kinds = {item.kind for item in found.items}
        assert kinds >= {
            "phrase_said",
            "phrase_forbidden",
            "speaking_rate",
            "dead_air",
            "interruptions",
            "talk_share",
        }
        families = {
            family
            for item in found.items
            if isinstance(item, PhraseSaid | PhraseForbidden)
            for family in item.families
        }
        assert families >= {"greeting", "closing", "abuse"}


def test_default_weights_and_automatic_failures() -> None:
    for name in ("service-en", "service-zh"):
        found = next(card for card in library().cards if card.id == name)
        assert {section.id: section.weight for section in found.sections} == {
            "opening": 10,
            "listening": 15,
            "empathy": 15,
            "solution": 25,
            "data": 15,
            "clarity": 10,
            "closing": 10,
            "conduct": 0,
        }
        manual = {item.id for item in found.items if isinstance(item, Manual) and item.auto_fail == "card"}
        assert manual == {"no_hanging_up", "privacy", "no_card_codes", "no_false_promise"}
