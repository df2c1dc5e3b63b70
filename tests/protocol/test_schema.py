"""The documents for machines: whole, valid in themselves, and true of what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chatserver import __version__, errors
from chatserver.protocol.codecs import JSON, error_object
from chatserver.protocol.events import EVENTS
from chatserver.protocol.methods import METHODS
from chatserver.protocol.schema import openapi, openrpc
from tests.protocol.values import tries, values

OPENRPC = json.loads(openrpc())
OPENAPI = json.loads(openapi())
BY_NAME = {method["name"]: method for method in OPENRPC["methods"]}
BOTH = pytest.mark.parametrize("document", [OPENRPC, OPENAPI], ids=["openrpc", "openapi"])


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object within."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def valid(schema: dict[str, Any], document: dict[str, Any], value: Any) -> None:
    """Hold a value against a schema of the document. Raises ``ValidationError``."""
    Draft202012Validator({**schema, "components": document["components"]}).validate(value)


# --- whole and valid -------------------------------------------------------------------------------------------------


@BOTH
def test_every_reference_leads_to_a_schema_of_the_document(document: dict[str, Any]) -> None:
    named = {one["$ref"] for one in objects(document) if "$ref" in one}
    assert named
    assert named <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


@BOTH
def test_every_schema_is_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@BOTH
def test_the_document_says_what_it_is(document: dict[str, Any]) -> None:
    assert document["info"] == {"title": "chatserver", "version": __version__}
    assert document.get("openrpc", "").startswith("1.") or document.get("openapi", "").startswith("3.1.")


@BOTH
def test_every_event_is_described(document: dict[str, Any]) -> None:
    assert [(event["name"], event["summary"]) for event in document["x-events"]] == [
        (kind.name, kind.summary) for kind in EVENTS.values()
    ]


def test_openrpc_describes_every_method_by_the_names_of_its_params() -> None:
    assert BY_NAME.keys() == METHODS.keys()
    for name, row in METHODS.items():
        method = BY_NAME[name]
        fields = msgspec.structs.fields(row.params)
        assert method["paramStructure"] == "by-name"
        assert {one["name"]: one["required"] for one in method["params"]} == {
            field.encode_name: field.required for field in fields
        }
        assert all(one["description"] and one["schema"] for one in method["params"])
        assert method["result"]["schema"]
        assert [(one["code"], one["message"]) for one in method["errors"]] == [
            (kind.code, kind.name) for kind in errors.TABLE
        ]


def test_openapi_describes_every_method_that_answers_over_http() -> None:
    assert OPENAPI["paths"].keys() == {f"/api/{row.name}" for row in METHODS.values() if not row.connection}
    statuses = {"200"} | {str(kind.status) for kind in errors.TABLE}
    for path, item in OPENAPI["paths"].items():
        post = item["post"]
        assert path == f"/api/{post['operationId']}"
        assert post["responses"].keys() == statuses
        assert ({} in post["security"]) is (METHODS[post["operationId"]].who == "anyone")
        assert {scheme for one in post["security"] for scheme in one} == OPENAPI["components"]["securitySchemes"].keys()


# --- true ------------------------------------------------------------------------------------------------------------


@tries(40)
@given(st.data())
def test_what_the_server_takes_and_says_fits_openrpc(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(list(METHODS.values())))
    method = BY_NAME[row.name]
    params = data.draw(values(row.params))
    for descriptor in method["params"]:
        if descriptor["name"] in params:
            valid(descriptor["schema"], OPENRPC, params[descriptor["name"]])
    result = msgspec.convert(data.draw(values(row.result)), row.result)
    valid(method["result"]["schema"], OPENRPC, json.loads(JSON.encode(result)))


@tries(40)
@given(st.data())
def test_every_event_fits_its_description(data: st.DataObject) -> None:
    described = data.draw(st.sampled_from(OPENRPC["x-events"]))
    kind = EVENTS[described["name"]]
    params = msgspec.convert(data.draw(values(kind.params)), kind.params)
    valid(described["params"], OPENRPC, json.loads(JSON.encode(params)))


@pytest.mark.parametrize(
    "refusal",
    [
        *(errors.Refusal(kind, "No") for kind in errors.TABLE),
        errors.rate_limited(1500),
        errors.invalid("cursors.hall.seq", "Expected `int` >= 0"),
        errors.too_large("Too long", 4000),
    ],
    ids=lambda refusal: f"{refusal.reason}-{len(refusal.data)}",
)
def test_every_refusal_fits_openapi(refusal: errors.Refusal) -> None:
    valid(OPENAPI["components"]["schemas"]["Error"], OPENAPI, {"error": json.loads(JSON.encode(error_object(refusal)))})


@pytest.mark.parametrize("wrong", [{}, {"error": {"code": 5, "message": "", "data": {"reason": ""}}}, {"error": None}])
def test_the_description_of_a_refusal_holds_nothing_else(wrong: Any) -> None:
    schema = {**OPENAPI["components"]["schemas"]["Error"], "components": OPENAPI["components"]}
    assert not Draft202012Validator(schema).is_valid(wrong)
