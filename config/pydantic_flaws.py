"""What pydantic finds wrong, in the words of somebody who edits a file."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.flaws import Flaw, Place, did_you_mean

_LONGEST_SHOWN = 60

_EXPECTED = {
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "dict_type": "a mapping (key: value)",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
}


def flaws_of(error: ValidationError, model: type[BaseModel], data: Any) -> list[Flaw]:
    """A flaw for each error of validating `data` as `model`, without repeats."""
    return list(dict.fromkeys(_flaw(details, model, data) for details in error.errors(include_url=False)))


def _flaw(details: ErrorDetails, model: type[BaseModel], data: Any) -> Flaw:
    kind, context = details["type"], details.get("ctx", {})
    at = _place(details["loc"], data, keep_last=kind == "missing")
    if kind == "missing":
        return Flaw(at, "is missing")
    if kind == "extra_forbidden":
        allowed = tuple(sorted(_keys_at(model, details["loc"][:-1])))
        return Flaw(at, f"is not a key here{did_you_mean(str(at[-1]), allowed)}", allowed, of_key=True)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        key = str(context["discriminator"]).strip("'")
        tags = _quoted(str(context.get("expected_tags", ""))) or tuple(
            sorted(_tags_at(model, details["loc"]))
        )
        return _one_of((*at, key), context.get("tag"), tags)
    if kind in ("literal_error", "enum"):
        return _one_of(at, details["input"], _quoted(str(context["expected"])))
    of_key = "[key]" in details["loc"]
    if kind == "value_error":
        return Flaw(at, str(context["error"]), of_key=of_key)
    expected = _EXPECTED.get(kind)
    message = f"should be {expected}" if expected else details["msg"].replace("Input should", "should", 1)
    return Flaw(at, f"{message}, not {_short(details['input'])}", of_key=of_key)


def _one_of(at: Place, found: Any, allowed: tuple[str, ...]) -> Flaw:
    if found is None:
        return Flaw(at, "is missing", allowed)
    return Flaw(at, f"cannot be {_short(found)}{did_you_mean(str(found), allowed)}", allowed)


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _quoted(text: str) -> tuple[str, ...]:
    """The names in pydantic's `'a', 'b' or 'c'`."""
    return tuple(text.split("'")[1::2])


def _place(loc: tuple[int | str, ...], data: Any, keep_last: bool) -> Place:
    """`loc` without pydantic's own parts (union tags, validators, `[key]`), which no file has."""
    at: list[str | int] = []
    for index, part in enumerate(loc):
        inside = isinstance(data, dict) and part in data
        if inside or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            at.append(part)
            data = data[part]
        elif keep_last and index == len(loc) - 1:
            at.append(part)
    return tuple(at)


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    return {key for found in _models_at(model, loc) for key in _fields(found)}


def _tags_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    return tuple(sorted({tag for found in _models_at(model, loc) for tag in _tags(found)}))


def _models_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """The models that a value at `loc` may be; a part that no type has, as a validator's name, is skipped."""
    types: list[Any] = [model]
    for part in loc:
        types = [inner for outer in types for inner in _step(outer, part)] or types
    return [found for outer in types for found in _alternatives(outer) if _is_model(found)]


def _step(outer: Any, part: int | str) -> Iterator[Any]:
    for found in _alternatives(outer):
        if _is_model(found):
            fields = _fields(found)
            if part in fields:
                yield fields[str(part)]
            elif part == found.__name__ or part in _tags(found):
                yield found
        elif get_origin(found) is dict:
            yield get_args(found)[1]
        elif isinstance(part, int) and get_args(found):
            yield get_args(found)[0]


def _alternatives(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for inner in get_args(annotation):
            yield from _alternatives(inner)
    else:
        yield annotation


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _tags(model: type[BaseModel]) -> set[str]:
    """The values of `model`'s one-word fields, by which a union tells it from the others."""
    words = (
        get_args(f.annotation) for f in model.model_fields.values() if get_origin(f.annotation) is Literal
    )
    return {str(values[0]) for values in words if len(values) == 1}
