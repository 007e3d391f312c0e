"""Looks callers up, and takes in files of customers."""

import math
from collections.abc import Mapping

from config.ids import NewId
from customers.csv_rows import Row, read_rows
from customers.customer import LONGEST_NAME, Customer, e164
from customers.errors import ImportInvalid
from customers.ports import CustomerStore
from customers.tier import Rule, tier_for_value

COLUMNS = ("number", "name", "tier", "language", "value")
_LONGEST_SHOWN = 60


class CustomerService:
    """`region` is where numbers without a country code are from; `tiers` are those of `routing.yaml`."""

    def __init__(
        self,
        store: CustomerStore,
        new_id: NewId,
        *,
        region: str,
        tiers: Mapping[str, Rule],
        languages: frozenset[str],
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._region = region
        self._tiers = tiers
        self._languages = languages

    async def identify(self, dialled: str | None) -> tuple[str | None, Customer | None]:
        """The caller's number in E.164 where it is one, and the customer it belongs to."""
        number = e164(dialled, self._region)
        return number, await self._store.by_number(number) if number else None

    async def import_csv(self, text: str) -> int:
        """Takes in a CSV file with columns of `COLUMNS`; gives how many customers it held.

        A customer has the tier of the file, or else the one that their yearly `value` earns.
        Raises `ImportInvalid` naming every bad line; nothing is stored then.
        """
        columns, rows = read_rows(text)
        there = set(columns)
        missing = sorted({"number", "name"} - there)
        if not there & {"tier", "value"}:
            missing.append("tier (or value)")
        if missing:
            raise ImportInvalid([f"line 1: no column {', '.join(missing)}; allowed: {', '.join(COLUMNS)}"])
        people: list[Customer] = []
        problems: list[str] = []
        first_seen: dict[str, int] = {}
        for line, row in rows:
            person, wrong = self._read(row)
            if person is not None and person.number in first_seen:
                wrong = [f"number: also on line {first_seen[person.number]}"]
            problems += [f"line {line}: {problem}" for problem in wrong]
            if person is not None:
                first_seen.setdefault(person.number, line)
                people.append(person)
        if problems:
            raise ImportInvalid(problems)
        await self._store.save(people)
        return len(people)

    def _read(self, row: Row) -> tuple[Customer | None, list[str]]:
        number, name = e164(row.get("number"), self._region), _text(row, "name")
        language = _text(row, "language") or None
        tier, wrong = self._tier(_text(row, "tier"), _text(row, "value"))
        if number is None:
            wrong.insert(0, "number: not a telephone number; allowed: E.164, or a number of the region")
        if len(name) > LONGEST_NAME:
            wrong.append(f"name: found {_shown(name)}; allowed: at most {LONGEST_NAME} characters")
        if language is not None and language not in self._languages:
            wrong.append(f"language: found {_shown(language)}; allowed: {', '.join(sorted(self._languages))}")
        if wrong or number is None:
            return None, wrong
        return Customer(self._new_id(), number, name, tier, language), []

    def _tier(self, given: str, value: str) -> tuple[str, list[str]]:
        """The tier given, else the one earned; and what is wrong with either."""
        worth = _worth(value) if value else None
        wrong = []
        if value and worth is None:
            wrong.append(f"value: found {_shown(value)}; allowed: a number from 0 on, such as 30000")
        if given not in self._tiers and (given or not value):
            wrong.append(f"tier: found {_shown(given)}; allowed: {', '.join(sorted(self._tiers))}")
        if given or worth is None:
            return given, wrong
        return tier_for_value(worth, self._tiers), wrong


def _text(row: Row, column: str) -> str:
    return row.get(column, "").strip()


def _shown(text: str) -> str:
    """`text` for a message: the beginning of a long one, and how long it is."""
    if len(text) <= _LONGEST_SHOWN:
        return repr(text)
    return f"{text[:_LONGEST_SHOWN]!r}… ({len(text)} characters)"


def _worth(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
