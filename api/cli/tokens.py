"""`hotline tokens`: who may use the API."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import JsonFlag, print_json, print_table, say
from api.cli.session import at_keyboard, audit_of, with_program

if TYPE_CHECKING:
    from api.bootstrap import Program
    from api.repository import SqlTokens

app = typer.Typer(help="Tokens for the API, each with a role.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose it is, or what for; never to be given again.")],
    role: Annotated[
        str, typer.Option(help="agent, qa, supervisor or admin; each may do what those before may.")
    ],
    agent: Annotated[
        str | None, typer.Option(help="The agent (login) that an agent's token acts for.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a token. It is printed this once; only its hash is kept."""
    from api.principals import Role

    if role not in set(Role):
        raise typer.BadParameter(f"{role!r} is no role; there are {', '.join(Role)}", param_hint="--role")
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise typer.BadParameter("1 to 80 printable characters", param_hint="NAME")
    if role == Role.AGENT and agent is None:
        raise typer.BadParameter("an agent's token names its agent: --agent LOGIN", param_hint="--agent")

    async def work(program: "Program") -> str:
        token = await _tokens(program).add(name, Role(role), agent)
        await audit_of(program).note(at_keyboard(), "token.add", "token", name, role=role)
        return token

    token = with_program(work)
    if as_json:
        print_json({"name": name, "role": role, "agent": agent, "token": token})
    else:
        print(token)
        typer.echo("Keep it now: it cannot be shown again.", err=True)


@app.command("list")
def list_tokens(as_json: JsonFlag = False) -> None:
    """List tokens, revoked ones too."""
    found = with_program(lambda program: _tokens(program).all())
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "role": one.role,
                    "agent": one.agent,
                    "made_at": one.made_at,
                    "revoked_at": one.revoked_at,
                }
                for one in found
            ]
        )
    else:
        rows = [(one.name, one.role, one.agent, one.made_at, one.revoked_at) for one in found]
        print_table("", ("name", "role", "agent", "made", "revoked"), rows)


@app.command()
def revoke(name: str) -> None:
    """End a token at once."""

    async def work(program: "Program") -> None:
        await _tokens(program).revoke(name)
        await audit_of(program).note(at_keyboard(), "token.revoke", "token", name)

    with_program(work)
    say(f"revoked {name}", style="green")


def _tokens(program: "Program") -> "SqlTokens":
    from api.repository import SqlTokens

    return SqlTokens(program.database, program.clock, program.new_id)
