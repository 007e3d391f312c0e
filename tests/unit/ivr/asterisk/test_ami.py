"""The AMI client against a server of its own: one test for each thing panoramisk would get wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from ivr.adapters.asterisk.ami import Ami, AmiSettings, Item, LinkDown, LinkUp, clean
from ivr.adapters.asterisk.errors import ActionOverdue, ActionRefused, LineTooLong, LinkLost
from tests.unit.ivr.asterisk.conftest import AmiServer, captured_bytes, success


class Consumer:
    def __init__(self) -> None:
        self.items: list[Item] = []
        self._grown = asyncio.Event()

    def __call__(self, item: Item) -> None:
        self.items.append(item)
        self._grown.set()

    def events(self) -> list[str]:
        return [item["event"] for item in self.items if isinstance(item, dict)]

    async def until(self, *expected: type | str) -> None:
        """Until the last items are these: types, or names of events."""
        async with asyncio.timeout(5):
            while self._tail(len(expected)) != list(expected):
                self._grown.clear()
                await self._grown.wait()

    def _tail(self, count: int) -> list[type | str]:
        return [item["event"] if isinstance(item, dict) else type(item) for item in self.items[-count:]]


def settings(server: AmiServer, **changes: float) -> AmiSettings:
    quick = {"connect_within": 2.0, "answer_within": 0.3, "ping_every": 5.0, "retry_first": 0.01}
    return AmiSettings("127.0.0.1", server.port, "hotline", "secret", **(quick | changes))  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def connected(server: AmiServer, **changes: float) -> AsyncIterator[tuple[Ami, Consumer]]:
    consumer = Consumer()
    ami = Ami(settings(server, **changes), consumer)
    async with ami.running():
        async with asyncio.timeout(5):
            await ami.wait_connected()
        yield ami, consumer


async def test_logs_in_and_tells_that_the_link_is_up(ami_server: AmiServer) -> None:
    async with connected(ami_server) as (_, consumer):
        await consumer.until("FullyBooted", LinkUp)
    assert ami_server.received[0]["Username"] == "hotline"


async def test_a_queued_answer_is_an_answer(ami_server: AmiServer) -> None:
    """panoramisk: KeyError, and the connection is lost."""
    ami_server.answers = lambda action: success(action, "Originate successfully queued")
    async with connected(ami_server) as (ami, _):
        assert (await ami.send("Originate", {"Channel": "PJSIP/1"}))["message"].endswith("queued")
        assert ami.connected


async def test_the_result_of_an_agi_command_comes_as_an_event(ami_server: AmiServer) -> None:
    """panoramisk: send_agi_command never completes and swallows the event."""
    async with connected(ami_server) as (ami, consumer):
        await ami.send("AGI", {"Channel": "1.1", "Command": "ANSWER", "CommandID": "c1"})
        ami_server.send(b"Event: AsyncAGIExec\r\nCommandId: c1\r\nResult: 200%20result%3D0%0A\r\n\r\n")
        await consumer.until("AsyncAGIExec")
        assert ami_server.received[-1]["CommandID"] == "c1"


async def test_an_event_of_an_action_is_no_answer_to_it(ami_server: AmiServer) -> None:
    def answer(action: dict[str, str]) -> bytes:
        early = f"Event: OriginateResponse\r\nActionID: {action['ActionID']}\r\nResponse: Failure\r\n\r\n"
        return (early.encode() if action["Action"] == "Originate" else b"") + success(action, "queued")

    ami_server.answers = answer
    async with connected(ami_server) as (ami, consumer):
        assert (await ami.send("Originate"))["message"] == "queued"
        await consumer.until("OriginateResponse")


async def test_a_list_is_given_without_its_frame(ami_server: AmiServer) -> None:
    def answer(action: dict[str, str]) -> bytes:
        if action["Action"] != "CoreShowChannels":
            return success(action)
        return captured_bytes("channels").replace(b"a38", action["ActionID"].encode())

    ami_server.answers = answer
    async with connected(ami_server) as (ami, consumer):
        rows = await ami.listing("CoreShowChannels")
        assert [row["uniqueid"] for row in rows] == ["hotline-1795314808.6", "agent-5"]
        assert "CoreShowChannel" not in consumer.events()


async def test_a_refused_list_is_refused_at_once(ami_server: AmiServer) -> None:
    async with connected(ami_server) as (ami, _):
        ami_server.answers = lambda action: (
            f"Response: Error\r\nActionID: {action['ActionID']}\r\nMessage: no\r\n\r\n".encode()
        )
        with pytest.raises(ActionRefused, match="no"):
            await ami.listing("BridgeList")


async def test_no_answer_is_overdue_and_a_late_one_harmless(ami_server: AmiServer) -> None:
    async with connected(ami_server) as (ami, consumer):
        ami_server.answers = lambda _: None
        with pytest.raises(ActionOverdue):
            await ami.send("Getvar", {"Variable": "X"}, timeout=0.05)
        ami_server.send(success(ami_server.received[-1]) + b"Event: After\r\n\r\n")
        await consumer.until("After")


async def test_an_action_unanswered_when_the_link_ends_is_never_sent_again(ami_server: AmiServer) -> None:
    """panoramisk: an Originate is dialled twice."""
    async with connected(ami_server) as (ami, consumer):
        ami_server.answers = lambda action: None if action["Action"] == "Originate" else success(action)
        asked = asyncio.create_task(ami.send("Originate", {"Channel": "PJSIP/1"}))
        await ami_server.until(lambda: "Originate" in ami_server.names())
        ami_server.cut()
        with pytest.raises(LinkLost):
            await asked
        await consumer.until(LinkDown, "FullyBooted", LinkUp)
        await ami.send("Ping")
        assert ami_server.names().count("Originate") == 1


async def test_a_link_that_says_nothing_is_given_up(ami_server: AmiServer) -> None:
    """panoramisk: ping replies are not looked at."""
    async with connected(ami_server, ping_every=0.02, answer_within=0.05) as (_, consumer):
        ami_server.answers = lambda action: None if action["Action"] == "Ping" else success(action)
        await consumer.until(LinkDown, "FullyBooted", LinkUp)


async def test_events_stay_in_order_and_a_raising_consumer_loses_none(ami_server: AmiServer) -> None:
    """panoramisk: a callback that raises drops the connection and the rest of the chunk."""
    seen: list[str] = []
    done = asyncio.Event()

    def consume(item: Item) -> None:
        if isinstance(item, dict) and item["event"] == "E":
            seen.append(item["n"])
            if item["n"] == "499":
                done.set()
            if item["n"] == "7":
                raise ValueError("a bug of ours")

    ami = Ami(settings(ami_server), consume)
    async with ami.running():
        async with asyncio.timeout(5):
            await ami.wait_connected()
            ami_server.send(b"".join(f"Event: E\r\nN: {n}\r\n\r\n".encode() for n in range(500)))
            await done.wait()
    assert seen == [str(n) for n in range(500)]


async def test_too_many_events_cost_the_link_but_not_in_silence(ami_server: AmiServer) -> None:
    async with connected(ami_server, queue=10) as (_, consumer):
        await consumer.until("FullyBooted", LinkUp)
        ami_server.send(b"Event: E\r\n\r\n" * 100)
        await consumer.until(LinkDown, "FullyBooted", LinkUp)


async def test_a_message_that_never_ends_costs_the_link(ami_server: AmiServer) -> None:
    async with connected(ami_server) as (_, consumer):
        ami_server.send(b"Event: E\r\nX: " + b"x" * (2 << 20))
        await consumer.until(LinkDown, "FullyBooted", LinkUp)


async def test_reconnects_until_it_is_let_in(ami_server: AmiServer) -> None:
    async with connected(ami_server, retry_most=0.02) as (_, consumer):
        ami_server.refuse = True
        ami_server.cut()
        await consumer.until(LinkDown)
        await ami_server.until(lambda: ami_server.connections >= 4)
        ami_server.refuse = False
        await consumer.until("FullyBooted", LinkUp)


async def test_without_a_link_an_action_fails_at_once(ami_server: AmiServer) -> None:
    ami = Ami(settings(ami_server), Consumer())
    with pytest.raises(LinkLost):
        await ami.send("Ping")


async def test_nothing_is_left_when_it_ends(ami_server: AmiServer) -> None:
    before = asyncio.all_tasks()
    async with connected(ami_server) as (ami, _):
        ami_server.answers = lambda _: None
        asked = asyncio.create_task(ami.send("Originate"))
        await ami_server.until(lambda: "Originate" in ami_server.names())
    with pytest.raises(LinkLost):
        await asked
    _, left = await asyncio.wait(asyncio.all_tasks() - before or {asked}, timeout=2)
    assert not left


async def test_nothing_in_a_value_ends_its_line(ami_server: AmiServer) -> None:
    async with connected(ami_server) as (ami, _):
        await ami.send("Originate", {"CallerID": "x\r\n\r\nAction: Originate\r\nApplication: System\0"})
    (block,) = [raw for raw in ami_server.raw if b"CallerID" in raw]
    assert block.count(b"\r\n\r\n") == 1
    assert b"CallerID: xAction: OriginateApplication: System\r\n" in block


@pytest.mark.parametrize("character", ["x", "王"])
async def test_a_line_that_asterisk_would_cut_is_not_sent(ami_server: AmiServer, character: str) -> None:
    async with connected(ami_server) as (ami, _):
        with pytest.raises(LineTooLong):
            await ami.send("Originate", {"CallerID": character * 10_000})
        assert ami_server.names() == ["Login"]


def test_clean_keeps_everything_else() -> None:
    assert clean("王小明 \"'\\;`$()") == "王小明 \"'\\;`$()"


async def test_action_ids_are_not_used_twice(ami_server: AmiServer) -> None:
    async with connected(ami_server) as (ami, _):
        await asyncio.gather(*(ami.send("Ping") for _ in range(20)))
    ids = [action["ActionID"] for action in ami_server.received]
    assert len(set(ids)) == len(ids)
