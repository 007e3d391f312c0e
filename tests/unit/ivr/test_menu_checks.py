"""A menu file with a mistake is refused with file, line, what is wrong and what is allowed."""
# ruff: noqa: E501

from pathlib import Path

import pytest

from config.yaml_lines import ConfigInvalid
from ivr.menu_loader import load_menu, load_menus, parse_menu

GOOD = """\
name: small
languages: [zh, en]
start: topic
on_error: bye
prompts:
  ask: {zh: 请选择, en: Please choose}
  bye: {zh: 再见, en: Goodbye}
  number: {zh: "您输入的是{account}。", en: "You entered {account}."}
steps:
  topic:
    do: menu
    prompts: ask
    options:
      - {key: 1, say: {zh: 销售, en: sales}, intent: sales, go: agent}
      - {key: 2, say: {zh: 账户, en: account}, go: account}
    repeat_key: 9
    too_many: {go: bye}
  account:
    do: collect
    prompts: ask
    store: account
    max_digits: 6
    confirm: {prompt: number}
    too_many: {go: bye}
    next: known
  known:
    do: branch
    cases:
      - {customer: known, go: agent}
    otherwise: note
  note:
    do: set
    attributes: {noted: yes}
    next: agent
  agent:
    do: enqueue
    recording: announce
    consent: ask
    on_left: bye
  bye:
    do: hangup
    prompts: bye
"""


def refusal(text: str) -> str:
    with pytest.raises(ConfigInvalid) as caught:
        parse_menu(text, "small.yaml")
    return str(caught.value)


def test_the_menu_that_the_others_spoil_is_good() -> None:
    assert parse_menu(GOOD).name == "small"


@pytest.mark.parametrize(
    ("there", "instead", "line", "message"),
    [
        # names
        ("start: topic", "start: topci", 3, "start: there is no step 'topci'; did you mean 'topic'? (allowed: account, "),
        ("on_error: bye", "on_error: by", 4, "on_error: there is no step 'by'"),
        ("on_error: bye", "on_error: bye\nafter_talk: no", 5, "after_talk: there is no step 'no'"),
        ("intent: sales, go: agent", "go: agnet", 14, "steps.topic.options[1].go: there is no step 'agnet'; did you mean 'agent'?"),
        ("    consent: ask", "    consent: aks", 38, "steps.agent.consent: there is no prompt 'aks'; did you mean 'ask'? (allowed: ask, bye, number)"),
        ("    prompts: ask\n    store", "    prompts: [ask, what]\n    store", 20, "steps.account.prompts[2]: there is no prompt 'what'"),
        # keys and kinds
        ("    repeat_key: 9", "    repeat: 9", 16, "steps.topic.repeat: is not a key here; did you mean 'repeat_key'? (allowed: barge_in, "),
        ("do: branch", "do: brnch", 27, "steps.known.do: cannot be 'brnch'; did you mean 'branch'? (allowed: language, play, "),
        ("    do: set\n", "", 31, "steps.note.do: is missing (allowed: branch, collect, enqueue, hangup, language, menu, play, set)"),
        ("    too_many: {go: bye}\n  account", "  account", 10, "steps.topic.too_many: is missing"),
        ("on_error: bye\n", "", 1, "on_error: is missing"),
        ("name: small", "name: Small Menu", 1, "name: String should match pattern"),
        ("languages: [zh, en]", "languages: [zh, english]", 2, "languages[2]: String should match pattern"),
        ("    max_digits: 6", "    max_digits: sixteen", 22, "steps.account.max_digits: should be a whole number, not 'sixteen'"),
        ("recording: announce", "recording: always", 37, "cannot be 'always' (allowed: announce, ask, none)"),
        ("    store: account", "    check: lhun\n    store: account", 21, "steps.account.check: cannot be 'lhun'; did you mean 'luhn'? (allowed: luhn, cn-id)"),
        # digits that are not keys, and digits and phrases that are taken
        ("key: 1", "key: A", 14, "steps.topic.options[1].key: cannot be 'A' (allowed: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, *, #)"),
        ("key: 1", "key: 12", 14, "steps.topic.options[1].key: cannot be '12'; did you mean '2'? (allowed: 0"),
        ("key: 2", "key: 1", 15, "steps.topic.options[2].key: key 1 is taken already by option 1"),
        ("repeat_key: 9", "repeat_key: 2", 15, "steps.topic.options[2].key: key 2 is taken already by repeat_key"),
        ("en: account}, go", "en: '  SALES! '}, go", 15, "steps.topic.options[2].say.en[1]: 'SALES!' is said for option 1 already"),
        ("zh: 账户", "zh: 銷售", 15, "steps.topic.options[2].say.zh[1]: '銷售' is said for option 1 already"),
        ("zh: 账户", "zh: '?!'", 15, "'?!' holds no word"),
        ("{key: 2, say: {zh: 账户, en: account}, go: account}", "{go: account}", 15, "steps.topic.options[2]: needs a key, or words to say (allowed: key, say)"),
        ("confirm: {prompt: number}", "confirm: {prompt: number, yes: 2}", 23, "steps.account.confirm.no: key 2 is taken already by yes"),
        # languages
        ("bye: {zh: 再见, en: Goodbye}", "bye: {zh: 再见}", 7, "prompts.bye.en: is missing: the menu speaks this language (allowed: zh, en)"),
        ("bye: {zh: 再见, en: Goodbye}", "bye: {zh: 再见, en: Bye, ko: 안녕}", 7, "prompts.bye.ko: there is no language of this menu 'ko' (allowed: en, zh)"),
        ("say: {zh: 账户, en: account}", "say: {zh: 账户}", 15, "steps.topic.options[2].say.en: is missing"),
        ("languages: [zh, en]", "languages: [zh, en, zh]", 2, "languages: 'zh' is there twice"),
        ("{customer: known, go", "{language: ko, go", 29, "steps.known.cases[1].language[1]: there is no language of this menu 'ko'"),
        # ways
        ("    otherwise: note", "    otherwise: agent", 31, "steps.note: no way leads to this step"),
        ("    on_left: bye", "    on_left: note", 35, "steps.agent: a caller whom no agent takes goes round for ever: agent -> note -> agent"),
        ("    too_many: {go: bye}\n    next", "    too_many: {go: account}\n    next", 18, "steps.account: a caller who stays silent goes round for ever: account -> account"),
        ("    next: agent", "    next: known", 26, "steps.known: goes round without ever waiting for the caller: known -> note -> known"),
        # attributes and sensitive digits
        ("number: {zh: \"您输入的是{account}。\"", "number: {zh: \"您输入的是{acount}。\"", 8, "prompts.number.zh: there is no attribute that a step of this menu keeps: 'acount'; did you mean 'account'?"),
        ("{zh: 请选择, en: Please choose}", "{zh: 请选择, en: 'Please {choose'}", 6, "prompts.ask.en: has a brace that belongs to no {attribute}"),
        ("    store: account", "    sensitive: true\n    store: account", 24, "steps.account.confirm: sensitive digits are not read back"),
        ("    store: account", "    sensitive: true\n    store: account", 8, "prompts.number.zh: 'account' is sensitive: only its length is kept, so it cannot be read out"),
        ("{customer: known, go", "{attribute: {name: acct, present: true}, go", 29, "cases[1].attribute.name: there is no attribute that"),
        ("{customer: known, go", "{attribute: {name: account}, go", 29, "steps.known.cases[1].attribute: needs exactly one test (allowed: equals, in, present)"),
        ("{customer: known, go", "{attribute: {name: account, equals: 1, in: [2]}, go", 29, "needs exactly one test"),
        ("{customer: known, go", "{go", 29, "steps.known.cases[1]: says no condition (allowed: tier, customer, hours, "),
        ("{customer: known, go", "{intent: slaes, go", 29, "there is no intent in this menu 'slaes'; did you mean 'sales'?"),
        ("attributes: {noted: yes}", "attributes: {recording: given}", 33, "steps.note.attributes.recording: is kept by the program itself"),
        ("    store: account", "    store: recording", 21, "steps.account.store: 'recording' is kept by the program itself"),
        ("    attributes: {noted: yes}\n", "", 32, "steps.note: sets nothing (allowed: intent, attributes)"),
        # collecting and queueing
        ("    max_digits: 6", "    max_digits: 6\n    min_digits: 8", 23, "steps.account.min_digits: is more than max_digits (6)"),
        ("    max_digits: 6", "    max_digits: 6\n    pattern: '[1-'", 23, "steps.account.pattern: is not a regular expression:"),
        ("    max_digits: 6", "    max_digits: 6\n    check: cn-id\n    finish_on: '*'", 24, "steps.account.finish_on: '*' stands for the X"),
        ("    consent: ask\n", "", 35, "steps.agent.consent: is missing: recording is 'announce'"),
        ("    recording: announce\n", "", 37, "steps.agent.consent: is never heard: recording is 'none'"),
        ("    on_left: bye", "    on_left: bye\n    complete: true", 40, "steps.agent.complete: a caller who waits for an agent has not helped themself"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(there: str, instead: str, line: int, message: str) -> None:
    assert there in GOOD
    told = refusal(GOOD.replace(there, instead, 1))
    assert any(f"small.yaml:{line}: " in one and message in one for one in told.splitlines()), told


def test_a_menu_without_an_exit_is_refused() -> None:
    menu = "name: a\nlanguages: [en]\nstart: x\non_error: x\nprompts: {p: {en: Hi}}\nsteps:\n  x: {do: play, prompts: p, next: x}\n"
    assert refusal(menu) == (
        "small.yaml:6: steps: the menu has no exit: no step hangs up or queues the caller (allowed: hangup, enqueue)"
    )


def test_a_queue_without_a_way_out_goes_to_on_error_which_must_not_lead_back() -> None:
    menu = "name: a\nlanguages: [en]\nstart: x\non_error: x\nsteps:\n  x: {do: enqueue}\n"
    assert "small.yaml:6: steps.x: a caller whom no agent takes goes round for ever: x -> x" in refusal(menu)


def test_two_steps_that_keep_the_same_number_are_both_sensitive_or_neither() -> None:
    again = GOOD.replace("confirm: {prompt: number}", "sensitive: true").replace("{account}", "it")
    again = again.replace("  bye:\n    do: hangup", """\
  again:
    do: collect
    prompts: ask
    store: account
    max_digits: 6
    too_many: {go: bye}
    next: bye
  bye:
    do: hangup""").replace("on_left: bye", "on_left: again")  # fmt: skip
    assert "small.yaml:43: steps.again.store: another step keeps 'account' as sensitive" in refusal(again)


def test_a_sensitive_number_may_only_be_looked_for() -> None:
    secret = GOOD.replace("confirm: {prompt: number}", "sensitive: true").replace("{account}", "it")
    compared = secret.replace("{customer: known, go", "{attribute: {name: account, equals: 1}, go")
    assert "29: steps.known.cases[1].attribute.name: 'account' is sensitive" in refusal(compared)
    assert parse_menu(
        secret.replace("{customer: known, go", "{attribute: {name: account, present: true}, go")
    )


def test_a_menu_has_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text(GOOD)
    with pytest.raises(
        ConfigInvalid, match=r"large.yaml:1: name: 'small' is not the name of its file \(allowed: large\)"
    ):
        load_menu(tmp_path / "large.yaml")


def test_the_mistakes_of_all_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: [")
    (tmp_path / "b.yaml").write_text("")
    (tmp_path / "small.yaml").write_text(GOOD)
    with pytest.raises(ConfigInvalid) as caught:
        load_menus(tmp_path)
    assert [Path(problem.file).name for problem in caught.value.problems] == ["a.yaml", "b.yaml"]
