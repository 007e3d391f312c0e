"""Looks callers up, and takes in files of customers."""

import csv
import io

from config.ids import NewId
from customers.customer import Customer, e164
from customers.errors import ImportInvalid
from customers.ports import CustomerStore

COLUMNS = ("number", "name", "tier", "language")


class CustomerService:
    """`region` is where numbers without a country code are from; `tiers` are those of `routing.yaml`."""

    def __init__(
        self,
        store: CustomerStore,
        new_id: NewId,
        *,
        region: str,
        tiers: frozenset[str],
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
        """Takes in a CSV file with the columns `COLUMNS`; gives how many customers it held.

        Raises `ImportInvalid` naming every bad line; nothing is stored then.
        """
        reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
        missing = {"number", "name", "tier"} - set(reader.fieldnames or ())
        if missing:
            raise ImportInvalid(
                [f"line 1: no column {', '.join(sorted(missing))}; allowed: {', '.join(COLUMNS)}"]
            )
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
        tier = (row.get("tier") or "").strip()
        language = (row.get("language") or "").strip() or None
        wrong = []
        if number is None:
            wrong.append("number: not a telephone number; allowed: E.164, or a number of the region")
        if tier not in self._tiers:
            wrong.append(f"tier: found {tier!r}; allowed: {', '.join(sorted(self._tiers))}")
        if language is not None and language not in self._languages:
            wrong.append(f"language: found {language!r}; allowed: {', '.join(sorted(self._languages))}")
        if wrong or number is None:
            return None, wrong
        return Customer(self._new_id(), number, (row.get("name") or "").strip(), tier, language), []
