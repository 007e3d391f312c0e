"""Logs tell what went wrong, never whose data it was."""

import json
from collections.abc import Iterator

import pytest
import structlog
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config.database import Database
from config.logging import configure

NUMBER = "13800138000"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def of_validation() -> None:
    TypeAdapter(dict[str, int]).validate_python({"said": NUMBER + " please"})


def of_a_driver() -> None:
    raise RuntimeError(f"null value violates not-null constraint\nDETAIL: Failing row contains ({NUMBER})")


def of_a_cause() -> None:
    try:
        of_validation()
    except ValueError as error:
        raise OSError("it cannot be stored") from error


def of_several() -> None:
    try:
        of_a_driver()
    except RuntimeError as error:
        raise ExceptionGroup("two", [error, ValueError("another")]) from None


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize(
    ("fail", "told"),
    [
        (of_validation, "ValidationError: 1 validation error for dict[str,int]"),
        (of_a_driver, "RuntimeError: null value violates not-null constraint"),
        (of_a_cause, "OSError: it cannot be stored"),
        (of_several, "ValueError: another"),
    ],
)
def test_an_error_is_told_without_its_data(
    capsys: pytest.CaptureFixture[str], style: str, fail: object, told: str
) -> None:
    configure(style)
    assert callable(fail)
    try:
        fail()
    except Exception:
        structlog.get_logger().exception("it failed", call="c1")
    written = capsys.readouterr().err
    if style == "json":
        line = json.loads(written)
        assert (line["event"], line["call"]) == ("it failed", "c1")
        written = line["exception"]
    assert told in written
    assert "test_logging.py" in written, "the way to the error stays"
    assert NUMBER not in written


async def test_a_failed_write_says_nothing_of_what_was_written(tmp_path: object) -> None:
    statement = text("INSERT INTO nowhere VALUES (:number)").bindparams(number=NUMBER)
    database = Database(f"sqlite:///{tmp_path}/hotline.sqlite3")
    try:
        with pytest.raises(SQLAlchemyError) as refused:
            await database.write(lambda connection: connection.execute(statement))
        assert NUMBER not in str(refused.value)
    finally:
        await database.close()
