"""Resources as JSON, with the fields of Twilio's OpenAPI description."""

from datetime import datetime
from typing import Any

from tests.twilio.call import Call, rfc2822
from tests.twilio.conference import Conference, Participant
from tests.twilio.exchange import Exchange
from tests.twilio.recording import Recording

Json = dict[str, Any]
VERSION = "2010-04-01"


def account(exchange: Exchange) -> Json:
    sid = exchange.account.sid
    uri = f"/{VERSION}/Accounts/{sid}.json"
    return {
        "sid": sid,
        "auth_token": exchange.account.auth_token,
        "friendly_name": "Stand-in",
        "status": "active",
        "type": "Full",
        "owner_account_sid": sid,
        "date_created": _when(exchange.now()),
        "date_updated": _when(exchange.now()),
        "uri": uri,
        "subresource_uris": {"calls": uri.replace(".json", "/Calls.json")},
    }


def call(exchange: Exchange, one: Call) -> Json:
    told = one.status == "completed" or (one.over and exchange.habits.times_of_failed)
    uri = f"/{VERSION}/Accounts/{one.account_sid}/Calls/{one.sid}"
    return {
        "sid": one.sid,
        "account_sid": one.account_sid,
        "parent_call_sid": one.parent_sid,
        "from": one.from_,
        "from_formatted": one.from_,
        "to": one.to,
        "to_formatted": one.to,
        "phone_number_sid": None,
        "status": one.status,
        "direction": one.direction,
        "date_created": _when(one.created),
        "date_updated": _when(one.ended_at or one.answered_at or one.created),
        "start_time": _when(one.answered_at or one.created),
        "end_time": _when(one.ended_at) if told else None,
        "duration": str(one.seconds) if told else None,
        "price": None,
        "price_unit": "USD",
        "answered_by": None,
        "api_version": VERSION,
        "forwarded_from": one.forwarded_from,
        "group_sid": None,
        "caller_name": one.caller_name,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def conference(one: Conference, account_sid: str) -> Json:
    uri = f"/{VERSION}/Accounts/{account_sid}/Conferences/{one.sid}"
    return {
        "sid": one.sid,
        "account_sid": account_sid,
        "friendly_name": one.friendly_name,
        "status": one.status,
        "date_created": _when(one.created),
        "date_updated": _when(one.updated),
        "api_version": VERSION,
        "region": "us1",
        "reason_conference_ended": one.reason_ended,
        "call_sid_ending_conference": one.ended_by.sid if one.ended_by else None,
        "uri": f"{uri}.json",
        "subresource_uris": {"participants": f"{uri}/Participants.json"},
    }


def participant(room: Conference, one: Participant) -> Json:
    status = {"queued": "queued", "ringing": "ringing", "in-progress": "connecting"}.get(one.call.status)
    account_sid = one.call.account_sid
    uri = f"/{VERSION}/Accounts/{account_sid}/Conferences/{room.sid}/Participants/{one.call.sid}.json"
    return {
        "account_sid": account_sid,
        "call_sid": one.call.sid,
        "conference_sid": room.sid,
        "label": one.label,
        "muted": one.muted,
        "hold": one.hold,
        "coaching": one.coaching,
        "call_sid_to_coach": one.call_sid_to_coach,
        "start_conference_on_enter": one.start_on_enter,
        "end_conference_on_exit": one.end_on_exit,
        "status": "connected" if one.present else status or "failed",
        "queue_time": "0",
        "date_created": _when(one.call.created),
        "date_updated": _when(one.since or one.call.created),
        "uri": uri,
    }


def recording(exchange: Exchange, one: Recording) -> Json:
    uri = f"/{VERSION}/Accounts/{exchange.account.sid}/Recordings/{one.sid}"
    return {
        "sid": one.sid,
        "account_sid": exchange.account.sid,
        "call_sid": one.call.sid,
        "conference_sid": None,
        "status": one.status,
        "channels": one.channels,
        "track": one.track,
        "source": one.source,
        "error_code": None,
        "duration": str(round(one.seconds)) if one.stopped else None,
        "start_time": _when(one.started),
        "date_created": _when(one.started),
        "date_updated": _when(one.updated),
        "price": None,
        "price_unit": "USD",
        "encryption_details": None,
        "api_version": VERSION,
        "uri": f"{uri}.json",
        "media_url": exchange.recording_url(one),
        "subresource_uris": {},
    }


def _when(moment: datetime | None) -> str | None:
    return rfc2822(moment) if moment else None
