"""Messages in both encodings, compared with the standard library's JSON and the msgpack package."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver import errors
from chatserver.protocol.codecs import CODECS, JSON, MSGPACK, Codec, Request, Unreadable
from chatserver.protocol.events import EVENTS
from chatserver.protocol.methods import METHODS
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.messages import MessageSend
from tests.protocol.values import tries, values

Pack = Callable[[Any], bytes]
BOTH = pytest.mark.parametrize(
    ("codec", "pack"),
    [(JSON, lambda value: json.dumps(value).encode()), (MSGPACK, msgpack.packb)],
    ids=["json", "msgpack"],
)
IDS = st.one_of(
    st.integers(-(2**63), 2**64 - 1), st.text(), st.floats(allow_nan=False, allow_infinity=False), st.none()
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEPT = {"jsonrpc", "id", "method", "params"}


def refusal_of(codec: Codec, data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        codec.request(data)
    return caught.value


# --- round trips -----------------------------------------------------------------------------------------------------


@tries(60)
@given(st.data())
def test_a_request_says_the_same_in_both_encodings(data: st.DataObject) -> None:
    method = data.draw(st.sampled_from(list(METHODS.values())))
    params = data.draw(values(method.params))
    message = {"jsonrpc": "2.0", "id": data.draw(IDS), "method": method.name, "params": params}
    request = JSON.request(json.dumps(message).encode())
    assert MSGPACK.request(msgpack.packb(message)) == request
    assert (request.method, request.id, request.wants_answer) == (method, message["id"], True)
    assert request.params == msgspec.convert(params, method.params)
    known = {field.encode_name: field.name for field in msgspec.structs.fields(method.params)}
    assert all(hasattr(request.params, known[name]) for name in params)


@tries(60)
@given(st.data())
def test_a_response_says_the_same_in_both_encodings(data: st.DataObject) -> None:
    method = data.draw(st.sampled_from(list(METHODS.values())))
    result = msgspec.convert(data.draw(values(method.result)), method.result)
    id_ = data.draw(IDS)
    said = json.loads(JSON.response(id_, result))
    assert msgpack.unpackb(MSGPACK.response(id_, result)) == said
    assert said.keys() == {"jsonrpc", "id", "result"}
    assert (said["jsonrpc"], said["id"]) == ("2.0", id_)
    assert msgspec.convert(said["result"], method.result) == result


@tries(60)
@given(st.data())
def test_an_event_says_the_same_in_both_encodings(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(EVENTS.values())))
    params = msgspec.convert(data.draw(values(kind.params)), kind.params)
    said = json.loads(JSON.event(kind.name, params))
    assert msgpack.unpackb(MSGPACK.event(kind.name, params)) == said
    assert said.keys() == {"jsonrpc", "method", "params"}
    assert (said["jsonrpc"], said["method"]) == ("2.0", kind.name)
    assert msgspec.convert(said["params"], kind.params) == params


@pytest.mark.parametrize("kind", errors.TABLE, ids=lambda kind: kind.name)
def test_a_refusal_says_the_same_in_both_encodings(kind: errors.ErrorKind) -> None:
    refusal = errors.Refusal(kind, "Not so: 不行", "a_word", retry_after=1.5)
    said = json.loads(JSON.refusal("7", refusal))
    assert msgpack.unpackb(MSGPACK.refusal("7", refusal)) == said
    data = {"reason": "a_word", "retry_after": 1.5}
    assert said == {"jsonrpc": "2.0", "id": "7", "error": {"code": kind.code, "message": "Not so: 不行", "data": data}}


def test_the_encodings_go_by_their_subprotocols() -> None:
    assert {name: codec.text for name, codec in CODECS.items()} == {"chat.v1.json": True, "chat.v1.msgpack": False}


# --- what is forgiven ------------------------------------------------------------------------------------------------


@BOTH
def test_jsonrpc_may_be_missing(codec: Codec, pack: Pack) -> None:
    request = codec.request(pack({"id": 1, "method": "session.ping", "params": {}}))
    assert (request.method.name, request.id) == ("session.ping", 1)


@BOTH
@pytest.mark.parametrize("given_as", [{}, {"params": None}, {"params": {}}], ids=["absent", "null", "empty"])
def test_no_params_may_be_said_in_three_ways(codec: Codec, pack: Pack, given_as: dict[str, Any]) -> None:
    assert codec.request(pack({"id": 1, "method": "session.ping", **given_as})).params == Nothing()


@BOTH
@tries(25)
@given(more=st.dictionaries(st.text().filter(lambda name: name not in KEPT), ANYTHING, max_size=3))
def test_members_that_nobody_knows_are_ignored(codec: Codec, pack: Pack, more: dict[str, Any]) -> None:
    params = {"room": "hall", "text": "hello", "client_id": "1"}
    around = {name: held for name, held in more.items() if name not in {"reply_to", "topic"}}
    request = codec.request(pack({**more, "id": 1, "method": "message.send", "params": {**around, **params}}))
    assert request.params == MessageSend("hall", "hello", "1")


@BOTH
def test_a_request_without_an_id_wants_no_answer_and_one_with_null_does(codec: Codec, pack: Pack) -> None:
    assert not codec.request(pack({"method": "session.ping"})).wants_answer
    asked = codec.request(pack({"method": "session.ping", "id": None}))
    assert asked.wants_answer
    assert asked.id is None


@BOTH
@tries(60)
@given(data=st.data())
def test_members_may_come_in_any_order_and_be_read_in_one_go_or_in_parts(
    codec: Codec, pack: Pack, data: st.DataObject
) -> None:
    method = data.draw(st.sampled_from(list(METHODS.values())))
    good = {"jsonrpc": "2.0", "id": data.draw(IDS), "method": method.name, "params": data.draw(values(method.params))}
    bad = data.draw(st.dictionaries(st.sampled_from(sorted(KEPT)), ANYTHING, max_size=1))
    order = data.draw(st.permutations(sorted(KEPT - set(data.draw(st.sets(st.sampled_from(["id", "jsonrpc"])))))))
    packed = pack({name: (good | bad)[name] for name in order})
    assert _read(codec.request, packed) == _read(codec._request_in_parts, packed)


def _read(read: Callable[[bytes], Request], packed: bytes) -> Any:
    try:
        return read(packed)
    except Unreadable as unreadable:
        return unreadable.refusal.code, unreadable.refusal.message, unreadable.id


# --- what is refused -------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("batch", [[], [{"id": 1, "method": "session.ping"}]], ids=["empty", "of one"])
def test_batches_are_no_requests(codec: Codec, pack: Pack, batch: list[Any]) -> None:
    refused = refusal_of(codec, pack(batch))
    assert (refused.refusal.code, refused.id) == (-32600, None)


@BOTH
@pytest.mark.parametrize(
    ("message", "id_"),
    [
        (5, None),
        (None, None),
        ("session.ping", None),
        ({}, None),
        ({"id": 7}, 7),
        ({"id": "seven", "method": 7}, "seven"),
        ({"id": 7, "method": None}, 7),
        ({"id": True, "method": "session.ping"}, None),
        ({"id": [7], "method": "session.ping"}, None),
        ({"id": {}, "method": "session.ping"}, None),
    ],
)
def test_what_is_no_request_is_refused_under_its_id_where_it_has_one(
    codec: Codec, pack: Pack, message: Any, id_: Any
) -> None:
    refused = refusal_of(codec, pack(message))
    assert (refused.refusal.code, refused.id) == (-32600, id_)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"{'id': 1}",
        b'{"id": 1, "method": "session.ping"} {}',
        b'{"id": 01, "method": "session.ping"}',
        b'{"id": 1, "method": "session.ping", "params": {"a": bad}}',
        b'{"id": "\xff", "method": "session.ping"}',
        b'{"id": 1, "method": "message.send", "params": {"room": "hall", "text": "\\ud800", "client_id": "1"}}',
        b'{"id": 1, "method": "session.ping", "params": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_json_that_cannot_be_read_is_a_parse_error(data: bytes) -> None:
    assert refusal_of(JSON, data).refusal.code == -32700


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x81",
        b"\x81\xa2id",
        msgpack.packb({"id": 1, "method": "session.ping"}) + b"\xc0",
        b"\x82\xa2id\xa1\xff\xa6method\xacsession.ping",
        b"\x82\xa6method\xacsession.ping\xa6params" + b"\x91" * 50_000 + b"\xc0",
        b"\xdf\xff\xff\xff\xff",
    ],
)
def test_msgpack_that_cannot_be_read_is_a_parse_error(data: bytes) -> None:
    assert refusal_of(MSGPACK, data).refusal.code == -32700


@BOTH
def test_a_method_that_is_none_is_refused_with_its_name(codec: Codec, pack: Pack) -> None:
    refused = refusal_of(codec, pack({"id": 3, "method": "room.burn"}))
    assert (refused.refusal.code, refused.id, refused.refusal.message) == (-32601, 3, "No such method: room.burn")
    assert len(refusal_of(codec, pack({"id": 3, "method": "x" * 60_000})).refusal.message) < 100


@BOTH
@pytest.mark.parametrize(
    ("method", "params", "path"),
    [
        ("message.send", {"text": "hello", "client_id": "1"}, "room"),
        ("message.send", {"room": "", "text": "hello", "client_id": "1"}, "room"),
        ("message.send", {"room": "hall", "text": 5, "client_id": "1"}, "text"),
        ("message.send", {"room": "hall", "text": "hello", "client_id": "x" * 65}, "client_id"),
        ("message.send", {"room": "hall", "text": "hello", "client_id": "1", "reply_to": -1}, "reply_to"),
        ("message.send", {"room": "hall", "text": "hello", "client_id": "1", "reply_to": True}, "reply_to"),
        ("message.history", {"room": "hall", "limit": 101}, "limit"),
        ("message.history", {"room": "hall", "before": 2**60}, "before"),
        ("room.create", {"title": "Tea", "kind": "direct"}, "kind"),
        ("user.get", {"users": ["a", 5]}, "users[1]"),
        ("session.start", {"cursors": {"hall": {"epoch": "e", "seq": 1}, "tea": {"epoch": "e"}}}, "cursors.tea.seq"),
        ("session.start", {"cursors": {"hall": {"epoch": "e", "seq": -1}}}, "cursors.hall.seq"),
        ("session.start", {"cursors": {"hall": 5}}, "cursors.hall"),
        ("session.start", {"cursors": []}, "cursors"),
        ("session.start", {"inbox": {"seq": 1}}, "inbox.epoch"),
        ("session.ping", [], ""),
        ("session.ping", 5, ""),
    ],
)  # fmt: skip
def test_params_that_do_not_fit_are_refused_with_the_path_of_the_field(
    codec: Codec, pack: Pack, method: str, params: Any, path: str
) -> None:
    refused = refusal_of(codec, pack({"id": 3, "method": method, "params": params}))
    assert (refused.refusal.code, refused.id) == (-32602, 3)
    assert refused.refusal.data == {"reason": "params", "path": path}
    assert "$" not in refused.refusal.message


@BOTH
def test_a_notification_that_cannot_be_carried_out_wants_no_answer_either(codec: Codec, pack: Pack) -> None:
    assert refusal_of(codec, pack({"method": "room.burn"})).id is msgspec.UNSET
    assert refusal_of(codec, pack({"method": "room.join", "params": {}})).id is msgspec.UNSET


@tries(100)
@given(codec=st.sampled_from([JSON, MSGPACK]), data=st.binary(max_size=200))
def test_no_bytes_are_more_than_refused(codec: Codec, data: bytes) -> None:
    assert refusal_of(codec, data).refusal.code in {-32700, -32600}


@tries(60)
@given(data=st.data(), method=st.sampled_from(sorted(METHODS)), params=st.dictionaries(st.text(), ANYTHING, max_size=3))
def test_no_params_are_more_than_refused(data: st.DataObject, method: str, params: dict[str, Any]) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(METHODS[method].params)]
    if names:
        params |= data.draw(st.dictionaries(st.sampled_from(names), ANYTHING, max_size=3))
    outcomes = []
    for codec, pack in ((JSON, lambda value: json.dumps(value).encode()), (MSGPACK, msgpack.packb)):
        try:
            outcomes.append(codec.request(pack({"id": 1, "method": method, "params": params})).params)
        except Unreadable as refused:
            outcomes.append((refused.refusal.code, refused.refusal.data["path"]))
    assert outcomes[0] == outcomes[1]
    assert (
        outcomes[0][0] == -32602 if isinstance(outcomes[0], tuple) else isinstance(outcomes[0], METHODS[method].params)
    )


# --- bare parameters, as HTTP has them -------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"unknown": 1}'])
def test_an_http_body_may_say_no_params_in_as_many_ways(body: bytes) -> None:
    assert JSON.params(METHODS["login.list"], body) == Nothing()


@pytest.mark.parametrize(("body", "code"), [(b"[]", -32602), (b"{", -32700), (b"5", -32602)])
def test_an_http_body_that_is_no_params_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(Unreadable) as caught:
        JSON.params(METHODS["login.list"], body)
    assert caught.value.refusal.code == code
