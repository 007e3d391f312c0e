"""`hotline customers`: the customer file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.failures import Refused
from api.cli.output import JsonFlag, print_json, say
from api.cli.session import at_keyboard, audit_of, with_program

if TYPE_CHECKING:
    from api.bootstrap import Program

app = typer.Typer(help="The customer file.", no_args_is_help=True)


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns number, name, tier and, if wanted, language. Instead of a tier there "
            "may be a yearly value: the customer gets the tier that it earns by routing.yaml."
        ),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Take in customers by number: new ones are added, known ones replaced. All of the file, or nothing."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{file}: is not UTF-8 text (byte {error.start})") from None
    from customers.errors import ImportInvalid

    async def work(program: "Program") -> int:
        taken = await program.customers.import_csv(text)
        await audit_of(program).note(at_keyboard(), "customers.import", "file", file.name, customers=taken)
        return taken

    try:
        taken = with_program(work)
    except ImportInvalid as refused:
        problems = "\n".join(f"{file}: {problem}" for problem in refused.problems)
        raise Refused(f"nothing was imported\n{problems}") from None
    if as_json:
        print_json({"imported": taken})
    else:
        say(f"{taken} customers imported", style="green")
