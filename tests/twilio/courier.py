"""Brings webhooks to the program: signed, retried, in order, or as the faults in store will have it."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urldefrag, urlencode, urljoin

from .account import Account
from .changes import Changes
from .clock import Clock
from .faults import Corrupt, Delay, Duplicate, Fault, Faults, Forge, Lose, LoseReply, Swap, Webhook
from .ids import Sids
from .overrides import Overrides, overrides
from .signing import corrupted, signature
from .transport import NotReached, Reply, Transport

RETRIEVAL, CONNECTION, TOO_MANY_REDIRECTS = 11200, 11205, 11215
_REDIRECTS = 10
T = TypeVar("T")


class Undelivered(Exception):
    """Twilio gave up; `code` as in twilio.com/docs/api/errors, `kind` as the overrides name it."""

    def __init__(self, code: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt. `status` is None when there was no answer; a forged one is not `genuine`."""

    at: datetime
    webhook: Webhook
    token: str
    attempt: int
    genuine: bool
    status: int | None


@dataclass(slots=True)
class _Stream:
    waiting: deque[Webhook] = field(default_factory=deque)
    working: bool = False
    behind: list[asyncio.Future[None]] = field(default_factory=list)


class Courier:
    """`sent` is every attempt, oldest first, of the last `remember`."""

    def __init__(
        self, account: Account, clock: Clock, sids: Sids, transport: Transport, remember: int | None = None
    ) -> None:
        self.transport = transport
        self.faults = Faults()
        self.sent: deque[Sent] = deque(maxlen=remember)
        self.changes = Changes(clock)
        self.on_the_way = 0
        self._account = account
        self._clock = clock
        self._sids = sids
        self._streams: dict[str, _Stream] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def request(self, webhook: Webhook) -> Reply:
        """The answer to it. The program goes on answering when the one who asked is gone.

        Raises `Undelivered`.
        """
        return await asyncio.shield(self._spawn(self._deliver(webhook, self.faults.take(webhook))))

    async def fetch(self, url: str) -> Reply:
        """A media file; unsigned. Raises `Undelivered`."""
        return await asyncio.shield(self._spawn(self._get(url)))

    def notify(self, webhook: Webhook) -> None:
        """Sends it when those before it in its stream have been sent."""
        stream = self._streams.setdefault(webhook.stream, _Stream())
        stream.waiting.append(webhook)
        if not stream.working:
            stream.working = True
            self._spawn(self._work_off(webhook.stream, stream))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self.on_the_way += 1
        self._tasks.add(task)
        task.add_done_callback(self._arrived)
        return task

    def _arrived(self, task: "asyncio.Task[Any]") -> None:
        self.on_the_way -= 1
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()
        self.changes.notify()

    async def _work_off(self, name: str, stream: _Stream) -> None:
        while stream.waiting:
            webhook = stream.waiting.popleft()
            faults = self.faults.take(webhook)
            swap = next((fault for fault in faults if isinstance(fault, Swap)), None)
            if swap:
                behind = asyncio.get_running_loop().create_future()
                stream.behind.append(behind)
                self._spawn(self._after_the_next(stream, behind, webhook, faults, swap))
            elif any(isinstance(fault, Delay) for fault in faults):
                self._spawn(self._quietly(webhook, faults))
            else:
                await self._quietly(webhook, faults)
                while stream.behind:
                    stream.behind.pop().set_result(None)
        stream.working = False
        if not stream.behind:
            self._streams.pop(name, None)

    async def _after_the_next(
        self,
        stream: _Stream,
        behind: "asyncio.Future[None]",
        webhook: Webhook,
        faults: list[Fault],
        swap: Swap,
    ) -> None:
        patience = asyncio.ensure_future(self._clock.sleep(swap.patience))
        await asyncio.wait({behind, patience}, return_when=asyncio.FIRST_COMPLETED)
        patience.cancel()
        if behind in stream.behind:
            stream.behind.remove(behind)
        await self._quietly(webhook, faults)

    async def _quietly(self, webhook: Webhook, faults: list[Fault]) -> None:
        try:
            await self._deliver(webhook, faults)
        except Undelivered:
            return

    async def _deliver(self, webhook: Webhook, faults: list[Fault]) -> Reply:
        token = self._sids.token()
        for fault in faults:
            match fault:
                case Delay(seconds):
                    await self._clock.sleep(seconds)
                case Forge(params):
                    await self._forge(webhook, params)
                case Duplicate(gap):
                    self._spawn(self._repeat(webhook, token, gap))
        return await self._insist(webhook, token, faults)

    async def _repeat(self, webhook: Webhook, token: str, gap: float) -> None:
        if gap:
            await self._clock.sleep(gap)
        await self._insist(webhook, token, [])

    async def _forge(self, webhook: Webhook, params: Mapping[str, str]) -> None:
        forged = Webhook(
            webhook.kind, webhook.url, {**webhook.params, **params}, webhook.stream, webhook.method
        )
        try:
            await self._insist(forged, self._sids.token(), [Corrupt()])
        except Undelivered:
            return

    async def _insist(self, webhook: Webhook, token: str, faults: list[Fault]) -> Reply:
        """Tries as often as the URL's overrides say."""
        rules = overrides(webhook.url)
        for attempt in range(rules.retries + 1):
            try:
                return await self._attempt(webhook, token, attempt, rules, faults)
            except Undelivered as failure:
                if attempt == rules.retries or not rules.again(failure.kind):
                    raise
        raise AssertionError("unreachable")

    async def _attempt(
        self, webhook: Webhook, token: str, attempt: int, rules: Overrides, faults: list[Fault]
    ) -> Reply:
        genuine = attempt > 0 or Corrupt() not in faults
        status = None
        try:
            if any(isinstance(fault, Lose) and attempt < fault.attempts for fault in faults):
                raise Undelivered(CONNECTION, "ct", "lost on the way")
            reply = await self._post(webhook, token, genuine, rules)
            if any(isinstance(fault, LoseReply) and attempt < fault.attempts for fault in faults):
                raise Undelivered(CONNECTION, "rt", "no answer in time")
            status = reply.status
            if not 200 <= reply.status < 300:
                raise Undelivered(RETRIEVAL, f"{reply.status // 100}xx", f"answered {reply.status}")
            return reply
        finally:
            self.sent.append(Sent(self._clock.now(), webhook, token, attempt, genuine, status))

    async def _post(self, webhook: Webhook, token: str, genuine: bool, rules: Overrides) -> Reply:
        url = urldefrag(webhook.url).url
        form = dict(webhook.params) if webhook.method == "POST" else {}
        if webhook.method == "GET":
            url += ("&" if "?" in url else "?") + urlencode(webhook.params)
        sign = signature(self._account.auth_token, url, form)
        headers = {
            "user-agent": "TwilioProxy/1.1",
            "accept": "*/*",
            "x-twilio-signature": sign if genuine else corrupted(sign),
            "i-twilio-idempotency-token": token,
        }
        if webhook.method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        reply = await self._send(webhook.method, url, headers, urlencode(form).encode(), rules)
        return await self._follow(url, reply, headers, rules)

    async def _get(self, url: str) -> Reply:
        headers = {"user-agent": "TwilioProxy/1.1", "accept": "audio/*"}
        rules = overrides(url)
        reply = await self._follow(
            url, await self._send("GET", urldefrag(url).url, headers, b"", rules), headers, rules
        )
        if not 200 <= reply.status < 300:
            raise Undelivered(RETRIEVAL, f"{reply.status // 100}xx", f"answered {reply.status}")
        return reply

    async def _follow(self, url: str, reply: Reply, headers: Mapping[str, str], rules: Overrides) -> Reply:
        """Redirected requests become GETs that have lost their form."""
        for _ in range(_REDIRECTS):
            if reply.status not in (301, 302, 303, 307, 308) or "location" not in reply.headers:
                return reply
            url = urljoin(url, reply.headers["location"])
            kept = {name: value for name, value in headers.items() if name != "content-type"}
            kept["x-twilio-signature"] = signature(self._account.auth_token, url, {})
            reply = await self._send("GET", url, kept, b"", rules)
        raise Undelivered(TOO_MANY_REDIRECTS, "3xx", "too many redirects")

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, rules: Overrides
    ) -> Reply:
        """Times out in real seconds: it is the program's real work that is waited for."""
        try:
            with self._clock.busy():
                async with asyncio.timeout(min(rules.read_seconds, rules.total_seconds)):
                    return await self.transport.send(method, url, headers, body)
        except TimeoutError as late:
            raise Undelivered(CONNECTION, "rt", "no answer in time") from late
        except NotReached as failure:
            raise Undelivered(CONNECTION, "ct", str(failure)) from failure
