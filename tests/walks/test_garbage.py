"""Nothing that a client sends ends the process, leaves a task behind or changes what another client hears."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import math
import random
import struct
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, get_args, get_origin

import msgpack
import msgspec
import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.http_exceptions import HttpProcessingError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatserver.app import House
from chatserver.protocol.codecs import JSON, MSGPACK, Codec, Unreadable
from chatserver.protocol.methods import METHODS
from tests.chaos.socket import masked
from tests.people import PATIENCE, Person, gathering, sign_up

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
_NO_FAULT = (HttpProcessingError, ConnectionError, web.RequestPayloadError)
ENOUGH = 20 + 1  # so many that cannot be read end a connection


class Bare:
    """A TCP client without manners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def handshake(self, token: str = "", subprotocol: str = "") -> Bare:
        more = f"Authorization: Bearer {token}\r\n" if token else ""
        more += f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        self.writer.write(HANDSHAKE + more.encode() + b"\r\n")
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        return self

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its first byte and payload. The end of the stream reads as no byte."""
        try:
            async with asyncio.timeout(PATIENCE):
                first, size = await self._reader.readexactly(2)
                if size > 125:
                    size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
                return first, await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""

    async def code(self) -> int:
        """How it ends: the code of the close frame, 1006 without one."""
        while (frame := await self.frame())[0] not in {0, 0x88}:
            pass
        return int.from_bytes(frame[1][:2], "big") if frame[0] else 1006

    async def answers(self) -> AsyncIterator[dict[str, Any]]:
        while (frame := await self.frame())[0] in {0x81, 0x82}:
            yield json.loads(frame[1]) if frame[0] == 0x81 else msgpack.unpackb(frame[1], strict_map_key=False)

    async def all_of_it(self) -> bytes:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                return await self._reader.read()
        return b""


@contextlib.asynccontextmanager
async def bare(house: House) -> AsyncIterator[Bare]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
    try:
        yield Bare(reader, writer)
    finally:
        writer.transport.abort()


class Calm:
    """What must be the same after the storm as before it."""

    def __init__(self, house: House) -> None:
        self.house = house

    def now(self) -> tuple[int, ...]:
        hub = self.house.hub
        return len(hub.connections), len(hub.users), len(self.house.tasks)

    async def again(self, before: tuple[int, ...]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while any(now > then for now, then in zip(self.now(), before, strict=True)):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"connections, users and tasks were {before} and are {self.now()}") from None


@contextlib.asynccontextmanager
async def undisturbed(house: House, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Person]:
    """Two people talk while others do their worst; gives one of them. Afterwards all is as it was."""
    async with gathering(house.url, "ann", "bob") as (ann, bob):
        calm, said = Calm(house), 0
        async with asyncio.timeout(PATIENCE):
            while house.hub.feeds.get("hall") is None:
                await asyncio.sleep(0.01)
        before, quiet = calm.now(), asyncio.Event()

        async def talk() -> int:
            number = 0
            while not quiet.is_set():
                await ann.say("hall", f"calm {number}")
                number += 1
                await asyncio.sleep(0.005)
            return number

        talking = asyncio.create_task(talk())
        try:
            yield ann
        finally:
            quiet.set()
            said = await talking
        await bob.hears("message.posted", text=f"calm {said - 1}")
        numbers = [message["seq"] for message in bob.heard("message.posted", room="hall")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert [text for message in bob.heard("message.posted") if (text := message["text"]).startswith("calm")] == [
            f"calm {number}" for number in range(said)
        ]
        await calm.again(before)
    assert_no_fault(caplog)


def assert_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing was logged as a fault of ours. aiohttp notes requests that are none as errors, with their trace."""
    faults = [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]
    assert not [record for record in faults if not (record.exc_info and isinstance(record.exc_info[1], _NO_FAULT))]


# --- bytes -----------------------------------------------------------------------------------------------------------

FRAMES: dict[str, tuple[bytes, int]] = {
    "an opcode that is not": (b"\x83\x80\0\0\0\0", 1002),
    "a control opcode that is not": (b"\x8b\x80\0\0\0\0", 1002),
    "unmasked": (b"\x81\x02{}", 1002),
    "reserved bits": (masked(b"{}", 0xF1), 1002),
    "a first bit of compression that was not agreed": (masked(b"{}", 0xC1), 1002),
    "a continuation of nothing": (masked(b"{}", 0x80), 1002),
    "a message within a message": (masked(b"{", 0x01) + masked(b"{}", 0x81), 1002),
    "a ping too long": (b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126, 1002),
    "a ping in pieces": (masked(b"x", 0x09), 1002),
    "a close of one byte": (masked(b"\x03", 0x88), 1002),
    "a close with a code that is not": (masked(struct.pack("!H", 1005), 0x88), 1002),
    "a close whose reason is not UTF-8": (masked(struct.pack("!H", 1000) + b"\xff", 0x88), 1007),
    "text that is not UTF-8": (masked(b'{"method": "\xff"}'), 1007),
    "text that is not UTF-8, in pieces": (masked(b'{"a": "\xf0\x9f', 0x01) + masked(b'", "b": 1}', 0x80), 1007),
    "binary on JSON": (masked(b"{}", 0x82), 1003),
    "binary on JSON, in pieces": (masked(b"{", 0x02) + masked(b"}", 0x80), 1003),
    "too big": (masked(b"x" * 65_537), 1009),
    "too big, by its own word": (b"\x81\xff" + (1 << 62).to_bytes(8, "big") + b"\0\0\0\0", 1009),
    "a length with its highest bit": (b"\x81\xff" + (1 << 63).to_bytes(8, "big") + b"\0\0\0\0", 1009),
    "too big, in pieces": (masked(b"x" * 40_000, 0x01) + masked(b"x" * 40_000, 0x00), 1009),
    "many that cannot be read": (masked(b"nonsense") * ENOUGH, 4504),
    "a close": (masked(struct.pack("!H", 1000), 0x88), 1000),
    "a close of a private code": (masked(struct.pack("!H", 4321) + b"tired", 0x88), 4321),
    "a close, and then more": (masked(struct.pack("!H", 1000), 0x88) + masked(b"{}") * 5, 1000),
}


async def test_frames_that_are_none_end_only_their_own_connection(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog):
        for what, (data, code) in FRAMES.items():
            async with bare(house) as client:
                (await client.handshake()).writer.write(data)
                assert await client.code() == code, what


async def test_frames_byte_by_byte_are_the_same_frames(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog), bare(house) as client:
        await client.handshake()
        for byte in masked(b'{"id": 1, "method": "session.ping"}', 0x01) + masked(b"", 0x00) + masked(b" ", 0x80):
            client.writer.write(bytes((byte,)))
            await client.writer.drain()
            await asyncio.sleep(0)
        first, payload = await client.frame()
        assert (first, json.loads(payload)["id"]) == (0x81, 1)


async def test_frames_that_come_with_the_handshake_are_heard_too(house: House, caplog: Any) -> None:
    pings = b"".join(masked(json.dumps({"id": n, "method": "session.ping"}).encode()) for n in range(3))
    async with undisturbed(house, caplog) as ann, bare(house) as client:
        client.writer.write(HANDSHAKE + f"Authorization: Bearer {ann.token}\r\n\r\n".encode() + pings[:-5])
        client.writer.write(pings[-5:])
        await client._reader.readuntil(b"\r\n\r\n")
        assert [json.loads((await client.frame())[1])["id"] for _ in range(3)] == [0, 1, 2]


async def test_a_message_in_many_pieces_is_one_message(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog), bare(house) as client:
        await client.handshake()
        client.writer.write(masked(b"[", 0x01) + masked(b" ", 0x00) * 900 + masked(b"", 0x00) * 90 + masked(b"]", 0x80))
        first, payload = await client.frame()
        assert (first, json.loads(payload)["error"]["code"]) == (0x81, -32600)


@pytest.mark.parametrize("frame", [masked(b"", 0x00), masked(b"", 0x89), masked(b"", 0x8A), masked(b"?")])
async def test_a_flood_of_frames_that_ask_nothing_is_cut_short(house: House, caplog: Any, frame: bytes) -> None:
    async with undisturbed(house, caplog), bare(house) as client:
        await client.handshake()
        client.writer.write(masked(b"[", 0x01) if frame == masked(b"", 0x00) else b"")
        flood = asyncio.create_task(_flood(client, frame * 10_000))
        assert await client.code() in {4504, 1006}
        await flood
        assert "the link heard nothing" not in caplog.text


async def _flood(client: Bare, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            client.writer.write(data)
            await client.writer.drain()


async def test_random_bytes_after_the_handshake(house: House, caplog: Any) -> None:
    chance = random.Random(7)
    async with undisturbed(house, caplog):
        for _ in range(100):
            async with bare(house) as client:
                await client.handshake()
                client.writer.write(chance.randbytes(chance.randint(1, 4000)))
                if chance.random() < 0.5:
                    client.writer.write_eof()
                    await client.all_of_it()


async def test_random_bytes_in_place_of_a_request(house: House, caplog: Any) -> None:
    chance = random.Random(8)
    async with undisturbed(house, caplog):
        for number in range(100):
            async with bare(house) as client:
                data = bytearray(HANDSHAKE + b"\r\n" if number % 2 else chance.randbytes(500))
                for _ in range(chance.randint(0, 5)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
                client.writer.write(bytes(data))
                client.writer.write_eof()
                await client.all_of_it()


HEADERS: dict[str, bytes] = {
    "bytes that are no text": b"X-Odd: \xff\xfe\xfd\r\n",
    "more than a hundred": b"".join(b"X-%d: 1\r\n" % number for number in range(150)),
    "a long one": b"X-Long: " + b"x" * 8000 + b"\r\n",
    "a folded one": b"X-Folded: a\r\n b\r\n",
    "no key": b"",
    "an agent that is no text": b"User-Agent: \xf0\x9f\x8d\xb5 \xff\r\n",
    "a cookie that is no cookie": b"Cookie: =;;=\xff; chatserver=\r\n",
    "a token that is no token": b"Authorization: Bearer \xff\xff\r\n",
    "a scheme that is none": b"Authorization: \r\n",
    "an origin that is none": b"Origin: \xff\r\n",
    "hops that are none": b"X-Forwarded-For: a, b, 1.2.3.4.5, \xff\r\n",
    "subprotocols that are none": b"Sec-WebSocket-Protocol: ,,,\xff\r\n",
    "extensions that are none": b"Sec-WebSocket-Extensions: ;;=permessage-deflate; x=\xff\r\n",
    "two keys": b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "another version": b"Sec-WebSocket-Version: 8\r\n",
}


async def test_handshakes_that_are_none_are_refused_in_words(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog):
        for what, header in HEADERS.items():
            async with bare(house) as client:
                head = HANDSHAKE if what != "no key" else HANDSHAKE.replace(b"Sec-WebSocket-Key", b"X-Key")
                client.writer.write(head + header + b"\r\n")
                client.writer.write(masked(struct.pack("!H", 1000), 0x88))
                answer = await client.all_of_it()
                assert answer.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 4", b"HTTP/1.0 4")), (what, answer)


# --- words -----------------------------------------------------------------------------------------------------------

JSON_TEXTS: tuple[str, ...] = (
    "", " ", "null", "true", "1", '"text"', "[]", "[{}]", "{}", '{"id": 1}', '{"method": 1}', '{"method": null}',
    '{"method": "session.ping", "id": {}}', '{"method": "session.ping", "id": []}',
    '{"method": "session.ping", "id": true}', '{"method": "session.ping", "params": []}',
    '{"method": "session.ping", "params": null}', '{"method": "session.ping", "params": 7}',
    '{"method": "message.send", "params": {"room": null}}', '{"method": "no.such"}', '{"method": ""}',
    '{"method": "__class__"}', '{"method": "session.ping", "params": {}', '{"method": "session.ping"}}',
    '{"method": "session.ping", "method": "house.get", "id": 3}',
    '{"id": 1, "id": 2, "method": "session.ping"}', '{"method": "session.ping", "id": NaN}',
    '{"method": "session.ping", "id": Infinity}', '{"method": "session.ping", "id": 1e999}',
    '{"method": "session.ping", "id": 1e308}', '{"method": "session.ping", "id": -0.0}',
    '{"method": "session.ping", "id": ' + "9" * 400 + "}", '{"method": "session.ping", "id": 18446744073709551616}',
    '{"method": "session.ping", "id": -9223372036854775809}',
    '{"method": "session.ping", "id": "' + "i" * 5000 + '"}', '{"method": "session.ping", "id": "\\ud800"}',
    '{"method": "session.ping", "id": "\\u0000"}', '{"method": "\\ud800"}', '{"method": "' + "m" * 60_000 + '"}',
    "[" * 10_000, "[" * 10_000 + "]" * 10_000, '{"a":' * 5_000 + "1" + "}" * 5_000,
    '{"method": "session.ping", "params": ' + "[" * 9_000 + "]" * 9_000 + "}",
    '{"method": "session.ping", "params": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}",
    '{"method": "session.start", "params": {"cursors": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}}",
    '\ufeff{"method": "session.ping", "id": 1}', '{"method": "session.ping", "id": 1}\n\n', "\u2028",
)  # fmt: skip


async def _answered(client: Bare, message: bytes, *, text: bool) -> None:
    """One answer at most, which is an error or has the id; the connection lives on."""
    client.writer.write(masked(message, 0x81 if text else 0x82))
    ping = {"id": "still there", "method": "session.ping"}
    client.writer.write(masked(json.dumps(ping).encode()) if text else masked(msgpack.packb(ping), 0x82))
    answers = []
    async for answer in client.answers():
        if answer["id"] == "still there":
            break
        answers.append(answer)
    else:
        raise AssertionError(f"the connection ended after {message[:200]!r}")
    assert len(answers) <= 1, message[:200]


async def test_json_that_is_no_request_is_answered_by_an_error_at_most(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog) as ann, bare(house) as client:
        await client.handshake(ann.token)
        for text in JSON_TEXTS:
            await _answered(client, text.encode(errors="surrogatepass"), text=True)


def _packed_garbage() -> Iterator[bytes]:
    yield from (b"", b"\xc1", b"\xc0", b"\xff", b"\x90", b"\x80", b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff")
    yield from (b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x91" * 60_000, b"\x81\xa1a" * 20_000)
    envelope = {"method": "session.ping"}
    for id_ in (math.nan, math.inf, -math.inf, 2**64 - 1, -(2**63), b"\xff", msgpack.ExtType(5, b"x"), [1], {1: 2}):
        yield msgpack.packb({**envelope, "id": id_})
    yield msgpack.packb({**envelope, "params": msgpack.ExtType(127, b"\0" * 12)})
    yield msgpack.packb({b"method": b"session.ping"})
    yield msgpack.packb({1: 2, None: 3, "method": "session.ping"}, strict_types=True)
    yield b"\x81\xa6method\xa4\xff\xfe\xfd\xfc"
    yield msgpack.packb({**envelope, "params": {"a": msgpack.Timestamp(1, 1)}}) + b"\0" * 10


async def test_messagepack_that_is_no_request_is_answered_by_an_error_at_most(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog) as ann, bare(house) as client:
        await client.handshake(ann.token, "chat.v1.msgpack")
        for data in _packed_garbage():
            await _answered(client, data, text=False)


async def test_text_on_messagepack_is_the_wrong_kind(house: House) -> None:
    async with bare(house) as client:
        (await client.handshake(subprotocol="chat.v1.msgpack")).writer.write(masked(b"{}"))
        assert await client.code() == 1003


async def test_a_bomb_in_a_compressed_message_is_too_big(open_house: Any, caplog: Any) -> None:
    house = await open_house(server__compression=True)
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(b"x" * 20_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    async with undisturbed(house, caplog):
        for data, code in ((bomb[:-4], 1009), (b"\xff\xff\xff\xff", 1002)):
            async with bare(house) as client:
                client.writer.write(HANDSHAKE + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
                await client._reader.readuntil(b"\r\n\r\n")
                client.writer.write(masked(data, 0xC1))
                assert await client.code() in {code, 1007, 1011}, data[:10]


# --- every parameter of every method ---------------------------------------------------------------------------------

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


@pytest.mark.parametrize("name", HARMLESS)
async def test_no_parameter_breaks_its_method(house: House, name: str, caplog: Any) -> None:
    ann = await (await sign_up(house.url, "ann")).start()
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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


# --- too many --------------------------------------------------------------------------------------------------------


async def test_who_goes_on_asking_too_much_is_sent_away(open_house: Any, caplog: Any) -> None:
    house = await open_house(limits__requests_burst=5, limits__requests_per_second=0.01)
    ping = masked(b'{"id": 1, "method": "session.ping"}')
    async with bare(house) as client:
        (await client.handshake()).writer.write(ping * 5)
        assert all(["result" in json.loads((await client.frame())[1]) for _ in range(5)])
        client.writer.write(ping * 500)
        codes: collections.Counter[int] = collections.Counter()
        while (frame := await client.frame())[0] == 0x81:
            codes[json.loads(frame[1])["error"]["code"]] += 1
        assert codes.keys() == {-32029}
        assert int.from_bytes(frame[1][:2], "big") == 4503


async def test_requests_in_heaps_are_all_answered_in_order(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog), bare(house) as client:
        token = (await sign_up(house.url, "heap")).token
        await client.handshake(token)
        lines = [{"id": 0, "method": "session.start"}]
        lines += [
            {"id": n, "method": "message.send", "params": {"room": "hall", "text": f"heap {n}", "client_id": f"{n}"}}
            for n in range(1, 500)
        ]
        client.writer.write(b"".join(masked(json.dumps(line).encode()) for line in lines))
        seqs: list[int] = []
        async for answer in client.answers():
            if answer.get("id"):
                seqs.append(answer["result"]["seq"])
                if len(seqs) == 499:
                    break
        assert seqs == sorted(seqs)


async def test_who_hangs_up_in_the_middle_of_everything_leaves_nothing_behind(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog):
        token = (await sign_up(house.url, "gone")).token
        for number in range(40):
            async with bare(house) as client:
                await client.handshake(token if number % 2 else "")
                start = {"id": 0, "method": "session.start", "params": {} if number % 2 else {"token": token}}
                client.writer.write(masked(json.dumps(start).encode()))
                for line in range(number % 5):
                    params = {"room": "hall", "text": "x", "client_id": f"{number} {line}"}
                    client.writer.write(
                        masked(json.dumps({"id": 1, "method": "message.send", "params": params}).encode())
                    )
                await client.writer.drain()
                if number % 3:
                    await client.frame()


# --- the HTTP API ----------------------------------------------------------------------------------------------------

BODIES: dict[str, tuple[dict[str, str], bytes, int]] = {
    "no JSON": ({}, b"nonsense", 400),
    "half of it": ({}, b'{"room": "hall"', 400),
    "a list": ({}, b"[]", 400),
    "null": ({}, b"null", 400),
    "deep": ({}, b"[" * 20_000, 400),
    "not UTF-8": ({}, b'{"room": "\xff"}', 400),
    "a lone surrogate": ({}, b'{"room": "\\ud800"}', 400),
    "another kind": ({"Content-Type": "text/plain"}, b"{}", 400),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, b"room=hall", 400),
    "no kind": ({"Content-Type": ""}, b"{}", 400),
    "an odd charset": ({"Content-Type": "application/json; charset=no-such"}, b'{"room": 1}', 400),
    "too large": ({}, b" " * 65_537, 413),
    "packed and not": ({"Content-Encoding": "gzip"}, b"this is no gzip", 400),
    "packed in an unknown way": ({"Content-Encoding": "no-such"}, b"{}", 400),
    "a bomb": ({"Content-Encoding": "deflate"}, zlib.compress(b" " * 20_000_000), 413),
}


async def test_bodies_that_are_none_are_refused_in_our_own_words(house: House, caplog: Any) -> None:
    async with (
        undisturbed(house, caplog) as ann,
        ClientSession(connector=TCPConnector(force_close=True)) as session,
    ):
        login = {"Authorization": f"Bearer {ann.token}"}
        for what, (headers, body, status) in BODIES.items():
            all_headers = {"Content-Type": "application/json", **login, **headers}
            async with session.post(f"{house.url}/api/room.members", data=body, headers=all_headers) as answer:
                assert answer.status == status, what
                assert (await answer.json())["error"]["code"] < 0, what
                assert answer.headers["X-Content-Type-Options"] == "nosniff", what


async def test_methods_that_are_none_over_http(house: House, caplog: Any) -> None:
    async with undisturbed(house, caplog), ClientSession() as session:
        for verb, name, status in (
            ("POST", "no.such", 404), ("POST", "session.start", 404), ("POST", "typing.start", 404),
            ("GET", "house.get", 400), ("PUT", "house.get", 400), ("DELETE", "account.close", 400),
            ("POST", "x" * 3000, 404), ("POST", "%00", 404), ("POST", "%2e%2e%2fetc", 404),
        ):  # fmt: skip
            async with session.request(verb, f"{house.url}/api/{name}") as answer:
                assert answer.status == status, (verb, name)
                assert (await answer.json())["error"]["code"] < 0


async def test_bodies_that_never_come_or_stop_halfway(house: House, caplog: Any) -> None:
    heads = (
        b"Content-Length: 500\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    )
    async with undisturbed(house, caplog):
        for head in heads:
            async with bare(house) as client:
                client.writer.write(b"POST /api/house.get HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
                client.writer.write(head)
                client.writer.write_eof()
                answer = await client.all_of_it()
                assert b" 500 " not in answer.partition(b"\r\n")[0], head


async def test_the_page_s_paths_hold_nothing_but_the_page(house: House) -> None:
    for path in (
        "/web/../chatserver/app.py",
        "/web/%2e%2e/pyproject.toml",
        "/web//etc/passwd",
        "/web/\\..\\x",
        "/.git",
    ):
        async with bare(house) as client:
            client.writer.write(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
            assert (await client.all_of_it()).startswith(b"HTTP/1.1 404"), path
