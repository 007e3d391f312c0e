"""The requests that we make of Twilio's REST API, by the twilio library."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from twilio.base import values
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.errors import (
    EXPLAINED,
    LABEL_IN_USE,
    NOT_IN_PROGRESS,
    TwilioRefused,
    TwilioUnavailable,
    TwilioUnsure,
)
from ivr.adapters.twilio.http import ATTEMPTS, TwilioHttp, Wait
from ivr.adapters.twilio.remote import (
    RemoteCall,
    RemoteConference,
    RemoteParticipant,
    RemoteRecording,
    call_of,
    moment,
    recording_of,
)

PAGE = 200
LOOK_AFTER = 0.5  # seconds from a lost answer to the look whether it was done; doubled each time
NOT_FOUND = 404
_RECORDING = {"in-progress", "paused"}


class TwilioRest:
    """Raises `TwilioRefused` for a final no, `TwilioUnavailable` when no answer is to be had.

    `transport` and `wait` are for tests.
    """

    def __init__(
        self, account: Account, transport: httpx.AsyncBaseTransport | None = None, wait: Wait = asyncio.sleep
    ) -> None:
        self._account = account
        self._http = TwilioHttp(account, transport, wait)
        self._wait = wait
        self._client = self._logged_in(*account.login)

    async def close(self) -> None:
        await self._http.close()

    def _logged_in(self, user: str, password: str) -> Any:
        # An environment that says nothing keeps TWILIO_EDGE and TWILIO_REGION from changing the base URL.
        client = Client(
            user, password, self._account.sid, http_client=self._http, environment={"TWILIO_EDGE": ""}
        )
        client.api.base_url = self._account.base_url
        return client

    # ------------------------------------------------------------------ credentials

    async def check(self) -> None:
        """Whether the credentials open the account, and it is active; raises with a message for a person."""
        account = self._account
        owner = self._logged_in(account.sid, account.auth_token)
        with _understood(), _credentials("the account SID or the auth token is wrong"):
            found = await owner.api.v2010.accounts(account.sid).fetch_async()
        if found.status != "active":
            raise TwilioRefused(None, 200, f"the Twilio account is {found.status or 'in an unknown state'}")
        if account.key is not None:
            with _understood(), _credentials("the API key or its secret is wrong"):
                await self._client.calls.page_async(page_size=1)

    # ------------------------------------------------------------------ calls

    async def update_call(self, sid: str, *, url: str | None = None, status: str | None = None) -> bool:
        """Has the call fetch `url`, or end (`status`: canceled, completed); False when it is over already."""
        wanted = {"url": url, "method": "POST"} if url is not None else {"status": status}
        try:
            with _understood():
                await self._client.calls(sid).update_async(**wanted)
        except TwilioRefused as refused:
            if refused.status == NOT_FOUND or refused.code == NOT_IN_PROGRESS:
                return False
            raise
        return True

    async def fetch_call(self, sid: str) -> RemoteCall | None:
        """The call; None when Twilio does not know it."""
        try:
            with _understood():
                return call_of(await self._client.calls(sid).fetch_async())
        except TwilioRefused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise

    async def calls(self, *, since: datetime, until: datetime | None = None) -> AsyncIterator[RemoteCall]:
        """Calls that began in [since, until), legs to agents among them; those that did not begin, too.

        Twilio's filter is documented to know days alone, so older ones of the same day may come, and are left
        out here. No order is documented: the list is read to its end.
        """
        began = since.astimezone(UTC)
        with _understood():
            listed = await self._client.calls.stream_async(start_time_after=began, page_size=PAGE)
            async with aclosing(listed) as found:
                async for each in found:
                    call = call_of(each)
                    at = call.started_at
                    if at is None or (at >= since and (until is None or at < until)):
                        yield call

    # ------------------------------------------------------------------ conferences

    async def add_participant(
        self,
        conference: str,
        *,
        to: str,
        label: str,
        timeout: int,
        caller_id: str,
        status_callback: str,
        conference_callback: str | None = None,
        display_name: str | None = None,
    ) -> str:
        """Rings `to` into the conference of that friendly name; gives the leg's CallSid.

        A `label` that is in the conference already is not rung twice: its CallSid is given. Twilio rings for
        five seconds longer than `timeout`, which it takes from 5 to 600. `conference_callback` counts where
        it is the first in the conference. `display_name` is what a SIP phone shows, as `legs.display_name`
        has it; should Twilio not take it, the phone is rung without.
        """

        async def create(shown: str | None = display_name) -> str:
            made = await self._client.conferences(conference).participants.create_async(
                from_=caller_id,
                to=to,
                label=label,
                timeout=min(max(timeout, 5), 600),
                status_callback=status_callback,
                status_callback_method="POST",
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                conference_status_callback=conference_callback or values.unset,
                conference_status_callback_method="POST",
                conference_status_callback_event=["start", "end", "join", "leave"],
                start_conference_on_enter=True,
                end_conference_on_exit=True,
                beep="false",
                early_media=False,
                caller_display_name=shown or values.unset,
            )
            return str(made.call_sid)

        async def there() -> str | None:
            found = [one for one in await self.participants(conference) if one.label == label]
            return found[0].call_sid if found else None

        try:
            return await self._create(create, there)
        except TwilioRefused as refused:
            if display_name is not None and refused.code not in EXPLAINED:
                return await self._create(lambda: create(None), there)
            sid = await there() if refused.code == LABEL_IN_USE else None
            if sid is None:
                raise
            return sid

    async def participants(self, conference: str) -> list[RemoteParticipant]:
        """Who is in the conference of that friendly name, or being rung; nobody when there is none."""
        with _understood():
            rooms = await self._client.conferences.list_async(friendly_name=conference, page_size=PAGE)
            running = [str(room.sid) for room in rooms if room.status != "completed"]
            return [one for room in running for one in await self._inside(room)]

    async def _inside(self, conference_sid: str) -> list[RemoteParticipant]:
        try:
            found = await self._client.conferences(conference_sid).participants.list_async(page_size=PAGE)
        except TwilioRefused as refused:
            if refused.status == NOT_FOUND:
                return []
            raise
        return [RemoteParticipant(str(one.call_sid), one.label, str(one.status)) for one in found]

    async def conferences(self, conference: str) -> list[RemoteConference]:
        """All conferences of that friendly name, those that are over too, newest first."""
        with _understood():
            rooms = await self._client.conferences.list_async(friendly_name=conference, page_size=PAGE)
        rooms.sort(key=lambda room: str(moment(room.date_created) or ""), reverse=True)
        return [
            RemoteConference(str(room.sid), str(room.status), room.call_sid_ending_conference or None)
            for room in rooms
        ]

    # ------------------------------------------------------------------ recordings

    async def start_recording(self, call_sid: str, *, status_callback: str, again: bool = False) -> str:
        """Records what the leg says and hears, on a channel each, from now on; gives the recording's SID.

        With `again` it may be recorded already: then the running recording's SID is given.
        """

        async def create() -> str:
            made = await self._client.calls(call_sid).recordings.create_async(
                recording_channels="dual",
                recording_track="both",
                trim="do-not-trim",
                recording_status_callback=status_callback,
                recording_status_callback_method="POST",
                recording_status_callback_event=["in-progress", "completed", "absent"],
            )
            return str(made.sid)

        async def there() -> str | None:
            running = [one for one in await self.recordings_of(call_sid) if one.status in _RECORDING]
            return running[0].sid if running else None

        return (await there() if again else None) or await self._create(create, there)

    async def recordings_of(self, call_sid: str) -> list[RemoteRecording]:
        with _understood():
            found = await self._client.calls(call_sid).recordings.list_async(page_size=PAGE)
            return [recording_of(one) for one in found]

    async def media(self, recording_sid: str, to: Path, channels: int = 2) -> None:
        """Puts the recording's WAV at `to`, whole or not at all.

        Refused with status 404 until the recording is complete, with 400 when it has not that many channels.
        """
        account = self._account
        url = f"{account.base_url}/2010-04-01/Accounts/{account.sid}/Recordings/{recording_sid}.wav"
        part = to.with_name(f".{to.name}.{os.getpid()}")
        try:
            async with self._http.stream(url, {"RequestedChannels": channels}, account.login) as answer:
                with part.open("wb") as file:
                    async for chunk in answer.aiter_bytes():
                        await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(part.replace, to)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def delete_recording(self, sid: str) -> None:
        """Deletes it; one that is gone already counts as deleted."""
        try:
            await self._client.recordings(sid).delete_async()
        except TwilioRefused as refused:
            if refused.status != NOT_FOUND:
                raise

    async def _create(
        self, create: Callable[[], Awaitable[str]], there: Callable[[], Awaitable[str | None]]
    ) -> str:
        """Creates something once: where no answer came, it is looked for before it is asked for again."""
        with _understood():
            for attempt in range(ATTEMPTS - 1):
                try:
                    return await create()
                except TwilioUnsure:
                    await self._wait(LOOK_AFTER * 2**attempt)
                    if (sid := await there()) is not None:
                        return sid
            return await create()


@contextmanager
def _understood() -> Iterator[None]:
    """What the library cannot make sense of is no answer."""
    try:
        yield
    except (TwilioException, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise TwilioUnavailable(f"Twilio's answer cannot be read ({type(problem).__name__})") from None


@contextmanager
def _credentials(wrong: str) -> Iterator[None]:
    try:
        yield
    except TwilioRefused as refused:
        if refused.status in {401, 403, NOT_FOUND}:
            raise TwilioRefused(refused.code, refused.status, wrong) from None
        raise
