"""The API described: as OpenAPI for programs, and as a page for people that loads nothing from elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.responses import HTMLResponse, JSONResponse

from api.auth import OPEN, ROLES

router = APIRouter(include_in_schema=False)

_TEMPLATES = Path(__file__).parents[1] / "templates"


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Every route with its role, its parameters and its answer."""
    spec = request.app.openapi()
    page = _template().render(
        title=spec["info"]["title"], version=spec["info"]["version"], tags=_by_tag(spec)
    )
    return HTMLResponse(page)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("docs.html")


def _by_tag(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            for tag in operation.get("tags", ["other"]):
                found.setdefault(tag, []).append(_described(method.upper(), path, operation, spec))
    return found


def _described(method: str, path: str, operation: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    answer = operation["responses"].get("200", operation["responses"].get("201", {}))
    return {
        "method": method,
        "path": path,
        "role": "open" if (method, path) in OPEN else ROLES[method, path].value,
        "text": operation.get("description", operation.get("summary", "")),
        "parameters": [
            {
                "name": parameter["name"],
                "in": parameter["in"],
                "required": parameter.get("required", False),
                "type": _type(parameter["schema"]),
                "text": parameter.get("description", ""),
            }
            for parameter in operation.get("parameters", [])
        ],
        "body": _fields(_schema_in(operation.get("requestBody", {})), spec),
        "answer": _type(_schema_in(answer)),
        "fields": _fields(_schema_in(answer), spec),
    }


def _schema_in(holder: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, dict[str, Any]] = holder.get("content", {})
    schema: dict[str, Any] = next(iter(content.values()), {"schema": {}}).get("schema", {})
    return schema


def _fields(schema: dict[str, Any], spec: dict[str, Any]) -> list[dict[str, str]]:
    """The fields of an object, or of the objects in a list."""
    inner = schema.get("items", schema)
    if "$ref" not in inner:
        return []
    model = spec["components"]["schemas"][inner["$ref"].rpartition("/")[2]]
    return [
        {"name": name, "type": _type(field), "text": field.get("description", "")}
        for name, field in model.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2].replace("_", " ").strip()
    if "anyOf" in schema:
        return " | ".join(map(_type, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format", schema.get("type", "")))
