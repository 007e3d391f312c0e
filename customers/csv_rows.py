"""The rows of a CSV file, each with the line on which it begins."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

Row = dict[str, str]


def read_rows(text: str) -> tuple[list[str], list[tuple[int, Row]]]:
    """The columns that the first line names, and (line, row) of all that follow.

    A field may be of any length, for a quotation mark that is not closed makes one of all that follows it:
    it is for the column to say what is too long.
    """
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=None))
    rows: list[tuple[int, Row]] = []
    with _fields_up_to(len(text)):
        columns = next(reader, [])
        line = reader.line_num + 1
        for fields in reader:
            if fields:
                rows.append((line, dict(zip(columns, fields, strict=False))))
            line = reader.line_num + 1
    return columns, rows


@contextmanager
def _fields_up_to(characters: int) -> Iterator[None]:
    """The limit is one of the whole interpreter: it is put back."""
    before = csv.field_size_limit()
    csv.field_size_limit(max(before, characters))
    try:
        yield
    finally:
        csv.field_size_limit(before)
