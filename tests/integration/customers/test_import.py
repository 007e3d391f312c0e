"""A file of customers: the tier that it gives them, or the one that their value earns."""

import csv
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.clock import SystemClock
from config.database import Database, metadata
from config.ids import new_id
from customers.errors import ImportInvalid
from customers.repository import SqlCustomerStore
from customers.service import CustomerService


@dataclass(frozen=True)
class Rule:
    default: bool = False
    value_from: float | None = None


NUMBERS = ("13800138000", "13800138001", "13800138002")
LONG = "a" * 200_000
TIERS = {"standard": Rule(default=True), "gold": Rule(value_from=5000), "vip": Rule(value_from=30000)}


@pytest.fixture
async def customers(tmp_path: Path) -> AsyncIterator[CustomerService]:
    database = Database(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    await database.write(metadata.create_all)
    store = SqlCustomerStore(database, SystemClock())
    yield CustomerService(store, new_id, region="CN", tiers=TIERS, languages=frozenset({"zh", "en"}))
    await database.close()


async def tier(customers: CustomerService, number: str = "13800138000") -> str | None:
    _, found = await customers.identify(number)
    return found.tier if found else None


@pytest.mark.parametrize(
    ("value", "earned"),
    [("0", "standard"), ("4999.99", "standard"), ("5000", "gold"), ("29999", "gold"), (" 3e4 ", "vip")],
)
async def test_a_customer_gets_the_tier_that_their_value_earns(
    customers: CustomerService, value: str, earned: str
) -> None:
    assert await customers.import_csv(f"number,name,value\n13800138000,张伟,{value}\n") == 1
    assert await tier(customers) == earned


async def test_a_tier_that_is_given_wins(customers: CustomerService) -> None:
    await customers.import_csv("number,name,tier,value\n13800138000,张伟,gold,1\n13800138001,李娜,,30000\n")
    assert (await tier(customers), await tier(customers, "13800138001")) == ("gold", "vip")


async def test_a_new_file_earns_anew(customers: CustomerService) -> None:
    for value, earned in (("30000", "vip"), ("100", "standard")):
        await customers.import_csv(f"number,name,value\n13800138000,张伟,{value}\n")
        assert await tier(customers) == earned


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("number,name\n", "line 1: no column tier (or value); allowed: number, name, tier, language, value"),
        ("name\n", "line 1: no column number, tier (or value); allowed"),
        ("number,name,value\n13800138000,a,\n", "line 2: tier: found ''; allowed: gold, standard, vip"),
        ("number,name,value\n13800138000,a,3万\n", "line 2: value: found '3万'; allowed: a number from 0 on"),
        ("number,name,value\n13800138000,a,-1\n", "line 2: value: found '-1'"),
        ("number,name,value\n13800138000,a,nan\n", "line 2: value: found 'nan'"),
        ("number,name,value\n13800138000,a,inf\n", "line 2: value: found 'inf'"),
        ("number,name,tier,value\n13800138000,a,silver,9\n", "line 2: tier: found 'silver'"),
        ("number,name,tier,value\n13800138000,a,gold,much\n", "line 2: value: found 'much'"),
        (
            f"number,name,tier\n13800138000,{'a' * 201},gold\n",
            f"line 2: name: found '{'a' * 60}'… (201 characters); allowed: at most 200 characters",
        ),
        (f"number,name,tier\n13800138000,{LONG},gold\n", f"line 2: name: found '{'a' * 60}'… (200000 char"),
        (f"number,name,tier\n{LONG},a,gold\n", "line 2: number: not a telephone number; allowed: E.164"),
        (f"number,name,tier\n13800138000,a,{LONG}\n", f"line 2: tier: found '{'a' * 60}'… (200000 char"),
        (f"number,name,value\n13800138000,a,{LONG}\n", f"line 2: value: found '{'a' * 60}'… (200000 char"),
        (
            f"number,name,tier,language\n13800138000,a,gold,{LONG}\n",
            f"line 2: language: found '{'a' * 60}'… (200000 characters); allowed: en, zh",
        ),
        (
            f'number,tier,name\n13800138001,gold,"b\nc"\n13800138000,gold,"{LONG}\n13800138002,gold,d\n',
            "line 4: name: found",
        ),
        (f"number,name\n13800138000,{LONG}\n", "line 1: no column tier (or value)"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_stored(
    customers: CustomerService, text: str, problem: str
) -> None:
    with pytest.raises(ImportInvalid) as refused:
        await customers.import_csv(text)
    [told] = refused.value.problems
    assert told.startswith(problem)
    assert len(told) < 200
    assert [await tier(customers, number) for number in NUMBERS] == [None] * 3


async def test_the_longest_name_and_columns_of_others_are_taken(customers: CustomerService) -> None:
    name = "张" * 200
    text = f'number,name,tier,remarks\n13800138000,{name},gold,"{LONG}"\n13800138001,"two\nlines",vip,\n'
    assert await customers.import_csv(text) == 2
    _, found = await customers.identify("13800138000")
    assert found is not None
    assert found.name == name
    assert await tier(customers, "13800138001") == "vip"


async def test_a_number_that_is_there_twice_is_told_with_both_lines(customers: CustomerService) -> None:
    text = 'number,name,tier\n13800138000,"a\nb",gold\n\n+8613800138000,c,vip\n'
    with pytest.raises(ImportInvalid, match=r"^line 5: number: also on line 2$"):
        await customers.import_csv(text)
    assert await tier(customers) is None


async def test_reading_a_file_leaves_the_limits_of_others(customers: CustomerService) -> None:
    before = csv.field_size_limit(1000)
    try:
        await customers.import_csv(f"number,name,tier,remarks\n13800138000,a,gold,{LONG}\n")
        assert csv.field_size_limit() == 1000
    finally:
        csv.field_size_limit(before)
