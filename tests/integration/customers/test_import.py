"""A file of customers: the tier that it gives them, or the one that their value earns."""

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
    ],
)
async def test_what_is_wrong_is_told_and_nothing_stored(
    customers: CustomerService, text: str, problem: str
) -> None:
    with pytest.raises(ImportInvalid) as refused:
        await customers.import_csv(text)
    [told] = refused.value.problems
    assert told.startswith(problem)
    assert await tier(customers) is None
