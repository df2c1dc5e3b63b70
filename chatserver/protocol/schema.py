"""Schemas of all methods and events: OpenRPC for the WebSocket, OpenAPI for HTTP, from one table."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from msgspec import inspect

from chatserver import __version__, errors
from chatserver.protocol.events import EVENTS
from chatserver.protocol.methods import METHODS


def _schemas() -> tuple[dict[type[Any], dict[str, Any]], dict[str, Any]]:
    types = list(dict.fromkeys([type_ for row in METHODS.values() for type_ in (row.params, row.result)]))
    types += [row.params for row in EVENTS.values() if row.params not in types]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return dict(zip(types, schemas, strict=True)), components


def _error_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["code", "message", "data"],
        "properties": {
            "code": {"type": "integer", "enum": [kind.code for kind in errors.TABLE]},
            "message": {"type": "string"},
            "data": {
                "type": "object",
                "required": ["reason"],
                "properties": {
                    "reason": {"type": "string"},
                    "retry_after": {"type": "number", "description": "seconds"},
                    "path": {"type": "string"},
                    "limit": {"type": "integer"},
                },
            },
        },
    }


@functools.cache
def openrpc() -> bytes:
    """The OpenRPC document as JSON. Events are under ``x-events``."""
    schemas, components = _schemas()
    return msgspec.json.encode({
        "openrpc": "1.3.2",
        "info": {"title": "chatserver", "version": __version__},
        "methods": [
            {
                "name": row.name,
                "summary": row.summary,
                "paramStructure": "by-name",
                "params": _descriptors(row.params, components[row.params.__name__]),
                "result": {"name": "result", "schema": schemas[row.result]},
                "errors": [{"code": kind.code, "message": kind.name} for kind in errors.TABLE],
            }
            for row in METHODS.values()
        ],
        "x-events": _events(schemas),
        "components": {"schemas": components},
    })  # fmt: skip


def _descriptors(type_: type[Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A content descriptor per parameter; OpenRPC sends them as members of one object."""
    descriptions = {field.encode_name: description_of(type_, field) for field in fields_of(type_)}
    return [
        {
            "name": name,
            "description": descriptions[name],
            "required": name in schema["required"],
            "schema": of_member,
        }
        for name, of_member in schema["properties"].items()
    ]


def _events(schemas: dict[type[Any], dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": row.name, "summary": row.summary, "params": schemas[row.params]} for row in EVENTS.values()]


@functools.cache
def openapi() -> bytes:
    """The OpenAPI document of ``POST /api/<method>`` as JSON. Events, sent over WebSocket, are under ``x-events``."""
    schemas, components = _schemas()
    components["Error"] = {"type": "object", "required": ["error"], "properties": {"error": _error_schema()}}
    paths: dict[str, Any] = {}
    for row in METHODS.values():
        if row.connection:
            continue
        refused = {"description": "Refused", "content": _content({"$ref": "#/components/schemas/Error"})}
        paths[f"/api/{row.name}"] = {
            "post": {
                "operationId": row.name,
                "summary": row.summary,
                "requestBody": {"content": _content(schemas[row.params])},
                "security": [*([] if row.who == "user" else [{}]), {"token": []}, {"cookie": []}],
                "responses": {
                    "200": {"description": "Done", "content": _content(schemas[row.result])},
                    **{str(status): refused for status in sorted({kind.status for kind in errors.TABLE})},
                },
            }
        }
    return msgspec.json.encode({
        "openapi": "3.1.0",
        "info": {"title": "chatserver", "version": __version__},
        "paths": paths,
        "x-events": _events(schemas),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "chatserver"},
            },
        },
    })  # fmt: skip


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def fields_of(type_: type[Any]) -> tuple[inspect.Field, ...]:
    """The members of a struct, in order."""
    described = inspect.type_info(type_)
    assert isinstance(described, inspect.StructType)
    return described.fields


def description_of(type_: type[Any], field: inspect.Field) -> str:
    """The description of a struct's member. Raises ``LookupError`` if it has none."""
    found = _description(field.type)
    if not found:
        raise LookupError(f"{type_.__name__}.{field.encode_name} has no description")
    return found


def _description(type_: inspect.Type) -> str:
    if isinstance(type_, inspect.Metadata):
        return str((type_.extra_json_schema or {}).get("description", "")) or _description(type_.type)
    if isinstance(type_, inspect.UnionType):
        return next(filter(None, map(_description, type_.types)), "")
    return ""
