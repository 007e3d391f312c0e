"""Every mistake in a file is told with its line, its place, and what is allowed there."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from config import yaml_lines
from config.flaws import Flaw, unknown
from config.settings import CONFIG_DIR
from config.yaml_lines import ConfigInvalid, Problem, load_model, parse, parse_model


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Cat(Part):
    kind: Literal["cat"]
    lives: int = Field(9, ge=1, le=9)


class Dog(Part):
    kind: Literal["dog"]
    tricks: list[str] = []
    mood: Literal["good", "best"] = "good"


class Home(Part):
    name: str
    pets: dict[
        Annotated[str, Field(pattern="^[a-z]+$")], Annotated[Cat | Dog, Field(discriminator="kind")]
    ] = {}


def refusal(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        parse_model(text, Home, file="home.yaml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "home.yaml:1: is empty"),
        ("- a", "home.yaml:1: should be a mapping (key: value), not a list"),
        ("pets: {}", "home.yaml:1: name: is missing"),
        (
            "name: a\nnmae: b",
            "home.yaml:2: nmae: is not a key here; did you mean 'name'? (allowed: name, pets)",
        ),
        (
            "name: a\npets:\n  tom: {kind: cat, lives: 12}",
            "home.yaml:3: pets.tom.lives: should be less than or",
        ),
        (
            "name: a\npets:\n  tom:\n    kind: cta",
            "home.yaml:4: pets.tom.kind: cannot be 'cta'; did you mean 'cat'?",
        ),
        ("name: a\npets:\n  tom: {lives: 3}", "home.yaml:3: pets.tom.kind: is missing (allowed: cat, dog)"),
        ("name: a\npets:\n  rex:\n    kind: dog\n    mood: bad", "(allowed: good, best)"),
        (
            "name: a\npets:\n  rex:\n    kind: dog\n    lives: 3",
            "5: pets.rex.lives: is not a key here (allowed: kind,",
        ),
        (
            "name: a\npets:\n  rex:\n    kind: dog\n    tricks:\n    - sit\n    - {}",
            "7: pets.rex.tricks[2]: should be text",
        ),
        ("name: a\npets:\n\n  Rex: {kind: dog}", "home.yaml:4: pets.Rex: String should match"),
        ("name: a\npets: 3", "home.yaml:2: pets: should be a mapping (key: value), not 3"),
        ("name: a\nname: b", "home.yaml:2: name: is there twice: first in line 1"),
        ("name: a\n\tpets: {}", "home.yaml:2: is not YAML:"),
        ("name: [a", "home.yaml:1: is not YAML:"),
        ("name: a\npets: *them", "home.yaml:2: is not YAML: found undefined alias"),
        ("name: a\npets: &p {tom: {kind: cat}}\nmore: *p", "home.yaml:3: more: anchors and aliases"),
        ("name: !!python/object:os.system x", "home.yaml:1: name: tags such as"),
        ("? [a]\n: 3", "home.yaml:1: the key in line 1 is not a plain word"),
        ("name: a\nb: \x07", "home.yaml:2: holds a character that YAML does not allow"),
        ("name: a\n---\nname: b", "home.yaml:2: is not YAML: expected a single document"),
        ("[" * 5000, "home.yaml:1: is nested too deeply"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, message: str) -> None:
    assert any(message in line for line in refusal(text)), refusal(text)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    lines = refusal("nmae: a\npets:\n  tom: {kind: cat, lives: 0}\n  rex: {kind: dog, lives: 1}\n")
    assert [line.split(":")[1] for line in lines] == ["1", "1", "3", "4"]


def test_words_stay_words_and_keys_are_text() -> None:
    data = parse(
        "a: no\nb: 09:30\nc: 007\nd: '1'\ne: 12\nf: 1.5\ng: true\nh: ~\n1: 2026-01-02\ni: +8610"
    ).data
    assert data == {
        "a": "no", "b": "09:30", "c": "007", "d": "1", "e": 12, "f": 1.5, "g": True, "h": None,
        "1": "2026-01-02", "i": "+8610",
    }  # fmt: skip


def test_a_check_of_ones_own_is_told_in_the_same_way() -> None:
    def check(home: Home) -> list[Flaw]:
        return [
            unknown(("pets", "rx"), "pet", "rx", ["rex", "tom"]),
            Flaw(("pets", "tom"), "sleeps", of_key=True),
        ]

    with pytest.raises(ConfigInvalid) as caught:
        parse_model("name: a\npets:\n  tom:\n    kind: cat", Home, check, file="h.yaml")
    assert str(caught.value).splitlines() == [
        "h.yaml:2: pets.rx: there is no pet 'rx'; did you mean 'rex'? (allowed: rex, tom)",
        "h.yaml:3: pets.tom: sleeps",
    ]


def test_a_good_file_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_bytes("\ufeffname: 家\npets: {tom: {kind: cat}}\n".encode())
    assert load_model(file, Home) == Home(name="家", pets={"tom": Cat(kind="cat")})


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"name: a\nb: \xff\n")
    for name, message in {
        "none.yaml": ":0: cannot be read: No such file",
        "bad.yaml": ":2: is not UTF-8",
    }.items():
        with pytest.raises(ConfigInvalid, match=f"{name}{message}"):
            load_model(tmp_path / name, Home)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        parse_model(text, Home)
    except ConfigInvalid as refused:
        problems = refused.problems
    assert all(problem.line >= 1 and problem.message for problem in problems)


@pytest.mark.parametrize(
    "text",
    [
        *(path.read_text("utf-8") for path in sorted(CONFIG_DIR.rglob("*.yaml"))),
        "a: |\n  one\n\n  two\nb: >-\n  folded\n  text\nc: 'it''s'\nd: \"\\u5bb6\"\n",
        "a: [1, {b: c}]\n# remark\nb:\n- c:\n    d: 你好\n- ''\n",
        "a:\tb",
        "a: b\t# remark",
        "? a\n: b\n? c",
        "---\na: b\n",
        "\ufeff\ufeffa: b",
        "a: |#\n  b",
    ],
    ids=lambda text: text.partition("\n")[0][:40],
)
def test_libyaml_reads_the_same_data_from_the_same_lines(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> object:
        try:
            return parse(text)
        except ConfigInvalid as refused:
            return str(refused)

    swift = read()
    monkeypatch.setattr(yaml_lines, "_SWIFT", None)
    assert read() == swift
