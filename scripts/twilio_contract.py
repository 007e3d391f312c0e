#!/usr/bin/env python
"""Takes the facts on the operations that we use from Twilio's OpenAPI description.

    scripts/twilio_contract.py [DESCRIPTION]

DESCRIPTION is spec/json/twilio_api_v2010.json of github.com/twilio/twilio-oai; without one, the copy that
lies beside the checkout. Writes tests/fixtures/twilio/contract.json, to which the tests hold every request.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT.parent / "shared" / "twilio" / "twilio_api_v2010.json"
CONTRACT = ROOT / "tests" / "fixtures" / "twilio" / "contract.json"

OPERATIONS = (
    "FetchAccount",
    "ListCall",
    "FetchCall",
    "UpdateCall",
    "ListConference",
    "ListParticipant",
    "CreateParticipant",
    "ListCallRecording",
    "CreateCallRecording",
    "DeleteRecording",
)

_KEPT = ("type", "format", "pattern", "enum", "minimum", "maximum", "nullable")
_CAN_BE = re.compile(r"Can be:? ((?:`[^`]*`(?:, and |, or |, | and | or )?)+)")
_BETWEEN = re.compile(r"between `(\d+)` and `(\d+)`")


def facts(description: dict[str, Any]) -> dict[str, Any]:
    """Operation -> method, path, parameters by where they go, and the fields of a good answer."""
    found: dict[str, Any] = {}
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and operation.get("operationId") in OPERATIONS:
                found[operation["operationId"]] = {
                    "method": method.upper(),
                    "path": path,
                    **_parameters(operation, description),
                    "answers": _answers(operation, description),
                }
    if missing := set(OPERATIONS) - found.keys():
        raise SystemExit(f"not in the description: {', '.join(sorted(missing))}")
    return {name: found[name] for name in OPERATIONS}


def _parameters(operation: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    taken: dict[str, Any] = {"in_path": {}, "in_query": {}, "in_form": {}}
    for each in operation.get("parameters", ()):
        taken[f"in_{each['in']}"][each["name"]] = _shape(each["schema"], description, each)
    for body in operation.get("requestBody", {}).get("content", {}).values():
        needed = body["schema"].get("required", ())
        for name, schema in body["schema"]["properties"].items():
            taken["in_form"][name] = _shape(schema, description) | (
                {"required": True} if name in needed else {}
            )
    return taken


def _answers(operation: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    """HTTP status -> fields; those of a list's records under `records`."""
    answers: dict[str, Any] = {}
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            answers[status] = _fields(_resolved(content["schema"], description), description)
        answers.setdefault(status, {})
    return answers


def _fields(schema: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, each in schema["properties"].items():
        fields[name] = _shape(each, description)
        items = _resolved(each.get("items", {}), description)
        if "properties" in items:
            fields[name]["records"] = _fields(items, description)
    return fields


def _shape(
    schema: dict[str, Any], description: dict[str, Any], said: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What may be sent or comes: by the schema, and by what the text says where the schema leaves it open."""
    real = _resolved(schema, description)
    text = (said or schema).get("description") or ""
    shape = {key: real[key] for key in _KEPT if key in real}
    if (choice := _CAN_BE.search(text)) and "enum" not in shape and real.get("type") != "boolean":
        shape["said"] = re.findall(r"`([^`]*)`", choice.group(1))
    if limits := _BETWEEN.search(text):
        shape |= {"minimum": int(limits.group(1)), "maximum": int(limits.group(2))}
    return shape


def _resolved(schema: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else DESCRIPTION
    contract = facts(json.loads(source.read_text()))
    CONTRACT.write_text(json.dumps(contract, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{CONTRACT.relative_to(ROOT)}: {len(contract)} operations\n")


if __name__ == "__main__":
    main()
