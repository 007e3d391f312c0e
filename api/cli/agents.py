"""`hotline agents`: who answers calls, and what they are doing."""

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from api.cli.output import JsonFlag, local_time, print_json, print_table, say
from api.cli.session import at_keyboard, audit_of, with_program

if TYPE_CHECKING:
    from api.bootstrap import Program
    from routing.agent import Agent

app = typer.Typer(help="Agents: who answers calls.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="The agent's login.")]


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="What people call them; else their login.")] = "",
    endpoint: Annotated[
        str,
        typer.Option(
            help="Their phone: PJSIP/NAME on Asterisk; a number, sip:… or client:… on Twilio. "
            "Else PJSIP/<login>."
        ),
    ] = "",
    skill: Annotated[
        list[str] | None, typer.Option(help="NAME or NAME=LEVEL, level 1 to 5; again for each skill.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Add an agent, signed out. It works whether or not the program is running."""
    skills = dict(_skill(text) for text in skill or ())

    async def work(program: "Program") -> "Agent":
        added = await program.routing.add(login, name or login, endpoint or f"PJSIP/{login}", skills)
        await audit_of(program).note(at_keyboard(), "agent.add", "agent", login)
        return added

    _told(_as_data(with_program(work)), as_json)


@app.command("list")
def list_agents(as_json: JsonFlag = False) -> None:
    """List agents and what they were last doing."""

    async def work(program: "Program") -> tuple[list["Agent"], Any]:
        return await program.routing.agents(), program.config.timezone

    found, zone = with_program(work)
    if as_json:
        print_json([_as_data(agent) for agent in found])
        return
    rows = [
        (
            agent.login,
            agent.name,
            agent.endpoint,
            ", ".join(f"{skill} {level}" for skill, level in agent.skills.items()),
            agent.state.value + ("" if agent.reachable else ", phone away"),
            agent.reason,
            local_time(agent.since, zone),
        )
        for agent in found
    ]
    print_table("", ("login", "name", "phone", "skills", "state", "reason", "since"), rows)


@app.command("sign-in")
def sign_in(login: Login, as_json: JsonFlag = False) -> None:
    """Sign an agent in at the running program: at work, and paused until ready."""
    _ask(login, "sign-in", as_json)


@app.command("sign-out")
def sign_out(login: Login, as_json: JsonFlag = False) -> None:
    """Sign an agent out at the running program: at once, or after the call they are on."""
    _ask(login, "sign-out", as_json)


@app.command()
def ready(login: Login, as_json: JsonFlag = False) -> None:
    """Have an agent take calls: ends a pause, a wrap-up or a back-off at the running program."""
    _ask(login, "ready", as_json)


@app.command()
def pause(
    login: Login,
    reason: Annotated[str, typer.Option(help="Why, for the reports.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Pause an agent at the running program: at once, or after the call they are on."""
    _ask(login, "pause", as_json, {"reason": reason})


def _ask(login: str, what: str, as_json: bool, body: dict[str, Any] | None = None) -> None:
    from api.cli.client import post

    _told(post(f"/api/v1/agents/{quote(login, safe='')}/{what}", body), as_json)


def _told(agent: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(agent)
        return
    why = f" ({agent['reason']})" if agent["reason"] else ""
    after = agent["afterwards"]
    then = f"; {after['state']} once the call is over" if after else ""
    say(f"{agent['login']} is {agent['state']}{why}{then}", style="green")


def _as_data(agent: "Agent") -> dict[str, Any]:
    from api.routes.agents import agent_detail

    return agent_detail(agent).model_dump(mode="json")


def _skill(text: str) -> tuple[str, int]:
    name, given, level = text.partition("=")
    if given and not level.isdecimal():
        raise typer.BadParameter(
            f"{text!r}: write NAME or NAME=LEVEL, such as billing=3", param_hint="--skill"
        )
    return name, int(level) if given else 1
