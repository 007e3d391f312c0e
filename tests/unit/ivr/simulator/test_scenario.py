"""Scenarios from files: what they say, and what is said of a mistake."""

import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.routing import load_routing
from config.settings import CONFIG_DIR
from config.yaml_lines import ConfigInvalid
from ivr.adapters.simulator import Keys, Leaves, Phone, Says, Silence, Stage, Talk, Utterance, load_scenario
from ivr.adapters.simulator.script import Caller
from ivr.events import MissReason, Party
from tests.unit.ivr.simulator.core import write_wav

WHOLE = """
    starts: 2026-03-02T09:00:00+08:00
    seed: 3
    sounds: [sounds]
    customers:
      - {number: "13800138001", name: 王伟, tier: vip, language: zh}
    agents:
      ann:
        name: Ann
        endpoint: phone-1
        skills: {zh: 5}
        signs_in: 30s
        answers_after: 2s
        misses: {2: rejected}
        unregistered: [{from: 1m, until: 90s}]
    calls:
      - label: first
        at: 1m30s
        from: "13800138001"
        to: "4001"
        answers: [1, "07#", silence, {keys: "*", at: 2s, gap: 1s}, {says: zh/customer-hi, phrase: hi}]
        patience: 40s
        hangs_up: {while: ringing, time: 2, after: 3s}
        redials_after: 1m
        stays: 4s
        talks:
          - voice: zh
            lines: [agent-hi, {line: customer-hi, after: 2s}, {line: agent-hi, at: 1s}]
            ended_by: agent
            cause: 44
          - {seconds: 9s}
      - {label: second, at: 0s, to: "4001", talks: [{voice: zh, turns: 5}]}
    expect: {zh: [您好, 再见]}
"""


def scenario(folder: Path, text: str = WHOLE) -> Path:
    sounds = folder / "sounds" / "zh"
    sounds.mkdir(parents=True, exist_ok=True)
    for name in ("agent-hi", "agent-bye"):
        write_wav(sounds / f"{name}.wav", 1)
    write_wav(sounds / "customer-hi.wav", 2)
    path = folder / "scenario.yaml"
    path.write_text(textwrap.dedent(text))
    return path


def test_a_whole_scenario(tmp_path: Path) -> None:
    told = load_scenario(scenario(tmp_path))
    agent, customer = (tmp_path / "sounds" / "zh" / f"{who}-hi.wav" for who in ("agent", "customer"))
    assert told.expect == {"zh": ("您好", "再见")}
    assert told.starts == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert told.phones == (Phone("phone-1", 2, {2: MissReason.REJECTED}, ((60, 90),)),)
    assert (told.agents[0].login, told.agents[0].skills, told.agents[0].signs_in) == ("ann", {"zh": 5}, 30)
    assert (told.customers[0].name, told.customers[0].tier) == ("王伟", "vip")
    assert told.callers[0] == Caller(
        label="first",
        arrives=90,
        called="4001",
        number="13800138001",
        replies=(Keys("1"), Keys("07#"), Silence(), Keys("*", 2, 1), Says("hi", customer)),
        patience=40,
        leaves=Leaves(Stage.RINGING, 2, 3),
        talks=(
            Talk(
                6.6,
                (
                    Utterance(Party.AGENT, 0.6, agent),
                    Utterance(Party.CUSTOMER, 3.6, customer),
                    Utterance(Party.AGENT, 1, agent),
                ),
                Party.AGENT,
                44,
            ),
            Talk(9),
        ),
        stays=4,
        redials_after=60,
    )


def test_a_drawn_talk_takes_turns_and_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    path = scenario(tmp_path)
    first, again = (load_scenario(path).callers[1].talks[0] for _ in range(2))
    assert first == again
    assert [said.party for said in first.utterances] == [Party.AGENT, Party.CUSTOMER] * 2 + [Party.AGENT]
    other = load_scenario(scenario(tmp_path, WHOLE.replace("seed: 3", "seed: 4"))).callers[1].talks[0]
    assert other != first


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("answers: [1,", "answers: [one,", ":21: calls[1].answers[1]: should be keys such as 12#"),
        ("says: zh/customer-hi", "says: zh/custmer-hi", "did you mean 'zh/customer-hi'?"),
        ("lines: [agent-hi,", "lines: [agent-hello,", ":28: calls[1].talks[1].lines[1]: there is no sound"),
        ("lines: [agent-hi,", "lines: [boss-hi,", "should match pattern"),
        ("while: ringing", "while: sleeping", "allowed: unanswered, menu, ringing"),
        ("patience: 40s", "patients: 40s", "is not a key here; did you mean 'patience'?"),
        ("at: 1m30s", "at: soon", "should be a length of time"),
        ("{seconds: 9s}", "{cause: 44}", "needs `lines`, `turns` or `seconds`"),
        ("- voice: zh", "- seconds: 9s", "needs a `voice`"),
        ("voice: zh, turns: 5", "voice: en, turns: 5", "en/agent-*.wav"),
        ("misses: {2: rejected}", "misses: {2: asleep}", "no_answer"),
        ("until: 90s", "until: 30s", "ends before it begins"),
        ("sounds: [sounds]", "sounds: [sound]", "there is no folder 'sound'"),
        ("expect: {zh: [您好, 再见]}", "expect: {zh: []}", ":33: expect.zh: "),
        ("+08:00", "", "timezone"),
        ('{keys: "*", at: 2s, gap: 1s}', "{at: 2s}", "should have `keys`, or else"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert right in WHOLE
    with pytest.raises(ConfigInvalid) as refused:
        load_scenario(scenario(tmp_path, WHOLE.replace(right, wrong)))
    assert told in str(refused.value)


def test_a_sound_that_is_none_is_refused_where_it_is_named(tmp_path: Path) -> None:
    path = scenario(tmp_path)
    (tmp_path / "sounds" / "zh" / "customer-hi.wav").write_bytes(b"MP3")
    with pytest.raises(ConfigInvalid, match=r"answers\[5\]\.says: is no sound that can be played"):
        load_scenario(path)


def test_two_agents_cannot_share_a_phone(tmp_path: Path) -> None:
    twin = "agents:\n      bob: {name: Bob, endpoint: phone-1, skills: {zh: 1}}"
    with pytest.raises(ConfigInvalid, match="another agent's phone"):
        load_scenario(scenario(tmp_path, WHOLE.replace("agents:", twin)))


class TestTheDemo:
    demo = CONFIG_DIR / "demo"

    def test_has_at_least_twelve_calls_of_every_kind(self) -> None:
        told = load_scenario(self.demo / "scenario.yaml")
        callers = told.callers
        assert len(callers) >= 12
        assert {caller.leaves.stage for caller in callers if caller.leaves} >= {Stage.MENU, Stage.RINGING}
        assert any(talk.cause == 44 for caller in callers for talk in caller.talks)
        assert any(talk.ended_by is Party.AGENT for caller in callers for talk in caller.talks)
        assert any(isinstance(reply, Says) for caller in callers for reply in caller.replies)
        assert any(caller.redials_after for caller in callers)
        missed = {reason for phone in told.phones for reason in phone.misses.values()}
        assert missed == {MissReason.NO_ANSWER, MissReason.REJECTED}
        assert {customer.tier for customer in told.customers} == {"standard", "gold", "vip"}

    def test_names_only_what_its_routing_has(self) -> None:
        told, routing = load_scenario(self.demo / "scenario.yaml"), load_routing(self.demo / "routing.yaml")
        assert {skill for agent in told.agents for skill in agent.skills} <= set(routing.skills)
        assert {customer.tier for customer in told.customers} <= set(routing.tiers)
        assert {caller.called for caller in told.callers} <= set(routing.numbers)

    def test_its_own_sounds_are_few(self) -> None:
        assert sum(path.stat().st_size for path in self.demo.rglob("*.wav")) < 2_000_000
