"""A walk through a menu in the terminal."""

from dataclasses import dataclass
from typing import Any

from api.cli.output import say
from config.clock import SystemClock
from config.ids import new_id
from config.routing import RoutingConfig, load_routing
from config.settings import Settings
from ivr import events as e
from ivr.call import Call, apply, begin
from ivr.interpreter import Context
from ivr.menu import Menu
from ivr.walker import NO_AGENT, TALKED, Asked, Ended, Happened, Heard, Moment, Waiting, Walk
from routing.placing import place


@dataclass(frozen=True, slots=True)
class Caller:
    """Who walks; an empty language or tier is the menu's first, the default one."""

    language: str
    tier: str
    known: bool
    is_open: bool


def walk(menu: Menu, settings: Settings, caller: Caller) -> None:
    """Plays `menu` on the terminal until it ends, or until the input does. Raises `ConfigInvalid`."""
    config = load_routing(settings.config / "routing.yaml")
    _check(caller, menu, config)
    now = SystemClock().now()
    context = Context(
        now=now, is_open=caller.is_open, place=lambda call, queue: place(config, call, queue, now)
    )
    walking = Walk(menu, _admitted(menu, config, caller, now), context)
    _show(walking.begin())
    while not walking.ended:
        try:
            line = input("> ")
        except EOFError:
            say("")
            return
        _show(walking.answer(line))


def _check(caller: Caller, menu: Menu, config: RoutingConfig) -> None:
    from api.cli.failures import Refused
    from api.configuration import menu_flaws

    if caller.tier and caller.tier not in config.tiers:
        raise Refused(f"there is no tier {caller.tier!r}; there are: {', '.join(config.tiers)}")
    if caller.language and caller.language not in menu.languages:
        raise Refused(f"the menu does not speak {caller.language!r}; it speaks: {', '.join(menu.languages)}")
    for flaw in menu_flaws(menu, config):
        say(f"note: {flaw.message}", style="yellow")


def _admitted(menu: Menu, config: RoutingConfig, caller: Caller, now: Any) -> Call:
    call = begin(new_id(), e.CallOffered("walk", "walk", "*"), now)
    identified = e.CallerIdentified(
        caller=None,
        known=caller.known,
        tier=caller.tier or config.default_tier,
        language=caller.language or menu.languages[0],
    )
    call = apply(call, identified, now)
    return apply(call, e.CallAdmitted(menu.name, menu.version), now)


def _show(moments: list[Moment]) -> None:
    from rich.text import Text

    from api.telling import reasons, tell

    for moment in moments:
        match moment:
            case Heard(prompts=prompts):
                for prompt in prompts:
                    say(Text.assemble((f"  [{prompt.language}] ", "dim"), prompt.text or f"({prompt.name})"))
            case Happened(event=event):
                say(Text(f"  · {tell(event)}", style="dim"))
                for reason in reasons(event):
                    say(Text(f"    {reason}", style="dim cyan"))
            case Asked():
                say(Text(f"  ? {_asked(moment)}", style="bold"))
            case Waiting(queue=queue):
                say(Text(f"  … waits in {queue}: type {NO_AGENT} (nobody came) or {TALKED}", style="bold"))
            case Ended():
                say(Text("  the call is over", style="bold"))


def _asked(asked: Asked) -> str:
    ways = [f"up to {asked.digits} digits" if asked.digits > 1 else "a key"] if asked.digits else []
    ways += ["one of: " + ", ".join(asked.phrases)] if asked.phrases else []
    return f"{asked.step}: " + (", or ".join(ways) or "anything")
