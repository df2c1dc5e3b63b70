"""Every parameter of every method with invalid values, and with whatever hypothesis generates."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, get_args, get_origin

import msgpack
import msgspec
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatserver.app import Server
from chatserver.protocol.codecs import JSON, MSGPACK, Codec, Unreadable
from chatserver.protocol.methods import METHODS
from chatserver.store.engine.address import Address
from tests.conftest import settings_for_tests
from tests.people import sign_up
from tests.walks.strangers import assert_no_fault

NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 2**53, 2**63, 10**30, 1.5, 1e308, "", "x", "\0", "\u202e", "{r:hall}", "}", "a b", "𝕏" * 300,
    "x" * 5000, [], [None], ["x"] * 500, {}, {"": {}}, {"hall": {"epoch": 1}},
)  # fmt: skip
HARMLESS: tuple[str, ...] = tuple(sorted(METHODS.keys() - {"account.sign_out", "account.close", "session.start"}))


def _fitting(kind: Any) -> Any:
    """Some value that the type allows, so that one nasty member alone stands for the whole."""
    kind = get_args(kind)[0] if get_origin(kind) is not None and hasattr(kind, "__metadata__") else kind
    origin = get_origin(kind)
    if origin is not None and str(origin) == "typing.Literal":
        return get_args(kind)[0]
    return {str: "hall", int: 1, bool: False}.get(kind, {} if origin is dict else [])


def _requests(name: str) -> Iterator[dict[str, Any]]:
    fields = msgspec.structs.fields(METHODS[name].params)
    whole = {field.name: _fitting(field.type) for field in fields if field.required}
    for field in fields:
        yield from ({**whole, field.name: nasty} for nasty in NASTY)
        yield {key: value for key, value in whole.items() if key != field.name}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(emptied: Callable[[], Address], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One server for all methods."""
    data = tmp_path_factory.mktemp("data")
    async with Server(settings_for_tests(data), store_address=emptied()) as server:
        yield server


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", HARMLESS)
async def test_no_parameter_breaks_its_method(served: Server, name: str, caplog: Any) -> None:
    ann = await (await sign_up(served.url, name.replace(".", "-").replace("_", "-"))).start()
    for params in _requests(name):
        answer = await (await ann.ask(name, **params))
        error = answer.get("error", {"code": 0})
        assert error["code"] not in {-32603, -32700}, (params, error)
        assert (await ann.call("session.ping"))["at"] > 0
    await ann.leave()
    assert_no_fault(caplog)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_members = st.sampled_from(sorted({
    field.name for method in METHODS.values() for field in msgspec.structs.fields(method.params)
}))  # fmt: skip
_made_requests = st.fixed_dictionaries(
    {"method": st.sampled_from(HARMLESS), "params": st.dictionaries(_members, _values, max_size=5)},
    optional={"id": _values, "jsonrpc": _values},
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_made_requests, min_size=1, max_size=10))
def test_whatever_hypothesis_thinks_of_is_read_or_refused(requests: list[dict[str, Any]]) -> None:
    """Both codecs, without a socket: a request, or a refusal with an id that can be answered."""
    for request in requests:
        for codec, data in ((JSON, json.dumps(request).encode()), (MSGPACK, _packed(request))):
            if data is None:
                continue
            id_ = _id_of(codec, data)
            if id_ is not msgspec.UNSET:
                assert codec.response(id_, None)


def _id_of(codec: Codec, data: bytes) -> Any:
    """The id to answer with. Anything but a request or a refusal is a fault."""
    try:
        return codec.request(data).id
    except Unreadable as unreadable:
        if unreadable.refusal.code not in {-32700, -32600, -32601, -32602}:
            raise
        return unreadable.id


def _packed(request: dict[str, Any]) -> bytes | None:
    try:
        return msgpack.packb(request)
    except (OverflowError, ValueError):
        return None  # MessagePack has no such number
