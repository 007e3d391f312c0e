"""A menu as a chart."""

from pathlib import Path

from hypothesis import given

from ivr.drawing import mermaid
from ivr.menu import Menu
from ivr.menu_loader import load_menu
from tests.builders.menus import given_menu, menus

MENU = given_menu("""\
name: m
title: Say "hi" <now>
languages: [en]
start: ask
on_error: bye
after_talk: bye
prompts: {p: {en: Hi}}
steps:
  ask: {do: menu, prompts: p, options: [{key: "#", go: agent}], too_many: {go: end}}
  end: {do: set, intent: sales, complete: true, next: agent}
  agent: {do: enqueue, queue: sales}
  bye: {do: hangup}
""")


def test_a_chart() -> None:
    assert mermaid(MENU).splitlines() == [
        "flowchart TD",
        '    call(("Say #quot;hi#quot; #lt;now#gt;")) --> s0',
        '    s0[/"ask"/]',
        '    s1["end<br>intent: sales<br>self-served"]',
        '    s2[["agent<br>queue: sales"]]',
        '    s3(["bye"])',
        '    s0 -->|"#35;"| s2',
        '    s0 -.->|"too many tries"| s1',
        "    s1 --> s2",
        '    s2 -.->|"no agent"| s3',
        '    talk(("agent hung up")) -.-> s3',
    ]


@given(menus())
def test_every_step_and_way_is_drawn(menu: Menu) -> None:
    drawn = mermaid(menu).splitlines()
    assert all(
        any(line.strip().startswith(f"s{index}") for line in drawn) for index in range(len(menu.steps))
    )


def test_the_shipped_menu_can_be_drawn() -> None:
    main = load_menu(Path(__file__).parents[3] / "config" / "menus" / "main.yaml")
    assert '|"1 售前咨询"|' in mermaid(main)
