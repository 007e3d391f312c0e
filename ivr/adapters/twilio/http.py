"""HTTP for the twilio library: each request has a deadline, a place in a pace, and is repeated where safe.

The library's own asynchronous client leaves out its time-out and its proxy, and logs each request's query.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from twilio.http.response import Response

from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.errors import TwilioRefused, TwilioUnavailable, TwilioUnsure, explained

ATTEMPTS = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
"""Seconds until a request is made again: doubled each time, half of it by chance; Retry-After goes first."""

MEDIA_SECONDS = 600

#: Where a POST makes something new each time. All else may be repeated: it says how things shall be.
_CREATING = ("/Participants.json", "/Recordings.json")
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_TOO_MANY = 429

Wait = Callable[[float], Awaitable[None]]


class Pace:
    """Lets pass `rate` a second, and after a rest a second's worth at once; first come, first served."""

    def __init__(self, rate: float, wait: Wait = asyncio.sleep) -> None:
        self._each = 1 / rate
        self._ahead = max(rate, 1.0) / rate - self._each
        self._wait = wait
        self._next = 0.0  # when the next would pass if all came evenly
        self._first = asyncio.Lock()  # held by who passes next

    async def turn(self, wanted: Callable[[], bool] = lambda: True) -> bool:
        """False: it was not `wanted` any more when its turn came, and nobody's turn was taken."""
        async with self._first:
            now = asyncio.get_running_loop().time()
            mine = max(self._next, now)
            if (pause := mine - self._ahead - now) > 0 and wanted():
                await self._wait(pause)
            if wanted():
                self._next = mine + self._each
                return True
            return False


class TwilioHttp:
    """What the library wants of an asynchronous HttpClient. `transport` and `wait` are for tests."""

    is_async = True

    def __init__(
        self, account: Account, transport: httpx.AsyncBaseTransport | None = None, wait: Wait = asyncio.sleep
    ) -> None:
        self._seconds = account.timeout_seconds
        self._client = httpx.AsyncClient(transport=transport, timeout=self._seconds)
        self._wait = wait
        self._requests = Pace(account.requests_per_second, wait)

    async def close(self) -> None:
        await self._client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Gives an answer of 2xx or 3xx; raises `TwilioError` for any other.

        `TwilioUnsure` when something may have been created: the request must not be repeated unseen.
        """
        creating = method == "POST" and url.endswith(_CREATING)
        request = self._client.build_request(
            method,
            url,
            params=_given(params),
            data=_given(data),
            headers=headers,
            timeout=timeout or self._seconds,
        )
        for attempt in range(ATTEMPTS):
            await self._requests.turn()
            try:
                answer = await self._once(request, auth)
            except _NOT_SENT as problem:
                why, sure, asked = type(problem).__name__, True, None
            except (httpx.TransportError, TimeoutError) as problem:
                why, sure, asked = type(problem).__name__, False, None
            else:
                if answer.status_code < 400:
                    return Response(answer.status_code, answer.text, answer.headers)
                if answer.status_code != _TOO_MANY and answer.status_code < 500:
                    raise refusal(answer)
                why, sure = f"HTTP {answer.status_code}", answer.status_code == _TOO_MANY
                asked = answer.headers.get("retry-after")
            if creating and not sure:
                raise TwilioUnsure(f"Twilio gave no answer ({why})") from None
            if attempt + 1 < ATTEMPTS:
                await self._wait(_pause(attempt, asked))
        raise TwilioUnavailable(f"Twilio gave no answer in {ATTEMPTS} attempts ({why})")

    @asynccontextmanager
    async def stream(
        self, url: str, params: Mapping[str, Any], auth: tuple[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """The body of one GET, as it comes. Not repeated."""
        await self._requests.turn()
        try:
            async with (
                asyncio.timeout(MEDIA_SECONDS),
                self._client.stream("GET", url, params=params, auth=auth, follow_redirects=True) as answer,
            ):
                if answer.status_code >= 500 or answer.status_code == _TOO_MANY:
                    raise TwilioUnavailable(f"Twilio gave no sound (HTTP {answer.status_code})")
                if answer.status_code >= 300:
                    await answer.aread()
                    raise refusal(answer)
                yield answer
        except (httpx.TransportError, TimeoutError) as problem:
            raise TwilioUnavailable(f"Twilio gave no sound ({type(problem).__name__})") from None

    async def _once(self, request: httpx.Request, auth: tuple[str, str] | None) -> httpx.Response:
        async with asyncio.timeout(self._seconds):
            return await self._client.send(request, auth=auth)


def refusal(answer: httpx.Response) -> TwilioRefused:
    """By Twilio's code; its own words are left out, because they name numbers."""
    try:
        said = json.loads(answer.text)
        code = int(said["code"])
    except (ValueError, TypeError, KeyError):
        code = None
    return TwilioRefused(code, answer.status_code, explained(code, answer.status_code))


def _given(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in values.items() if value is not None} if values else None


def _pause(attempt: int, asked: str | None) -> float:
    if asked is not None and asked.isascii() and asked.isdecimal():
        return min(float(asked), LONGEST_PAUSE)
    return FIRST_PAUSE * float(2**attempt) * random.uniform(0.5, 1.0)
