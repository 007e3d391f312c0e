"""Looks callers up, and takes in files of customers."""

import csv
import io
import math
from collections.abc import Mapping

from config.ids import NewId
from customers.customer import Customer, e164
from customers.errors import ImportInvalid
from customers.ports import CustomerStore
from customers.tier import Rule, tier_for_value

COLUMNS = ("number", "name", "tier", "language", "value")


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
        reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
        there = set(reader.fieldnames or ())
        missing = sorted({"number", "name"} - there)
        if not there & {"tier", "value"}:
            missing.append("tier (or value)")
        if missing:
            raise ImportInvalid([f"line 1: no column {', '.join(missing)}; allowed: {', '.join(COLUMNS)}"])
        people: list[Customer] = []
        problems: list[str] = []
        first_seen: dict[str, int] = {}
        for row in reader:
            person, wrong = self._read(row)
            if person is not None and person.number in first_seen:
                wrong = [f"number: also on line {first_seen[person.number]}"]
            problems += [f"line {reader.line_num}: {problem}" for problem in wrong]
            if person is not None:
                first_seen.setdefault(person.number, reader.line_num)
                people.append(person)
        if problems:
            raise ImportInvalid(problems)
        await self._store.save(people)
        return len(people)

    def _read(self, row: dict[str, str | None]) -> tuple[Customer | None, list[str]]:
        number = e164(row.get("number"), self._region)
        language = _text(row, "language") or None
        tier, wrong = self._tier(_text(row, "tier"), _text(row, "value"))
        if number is None:
            wrong.insert(0, "number: not a telephone number; allowed: E.164, or a number of the region")
        if language is not None and language not in self._languages:
            wrong.append(f"language: found {language!r}; allowed: {', '.join(sorted(self._languages))}")
        if wrong or number is None:
            return None, wrong
        return Customer(self._new_id(), number, _text(row, "name"), tier, language), []

    def _tier(self, given: str, value: str) -> tuple[str, list[str]]:
        """The tier given, else the one earned; and what is wrong with either."""
        worth = _worth(value) if value else None
        wrong = []
        if value and worth is None:
            wrong.append(f"value: found {value!r}; allowed: a number from 0 on, such as 30000")
        if given not in self._tiers and (given or not value):
            wrong.append(f"tier: found {given!r}; allowed: {', '.join(sorted(self._tiers))}")
        if given or worth is None:
            return given, wrong
        return tier_for_value(worth, self._tiers), wrong


def _text(row: Mapping[str, str | None], column: str) -> str:
    return (row.get(column) or "").strip()


def _worth(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
