"""Nothing that a client sends on a socket ends the process, leaves a task behind or changes what another hears."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import math
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest

from chatserver.app import Server
from tests.chaos.socket import masked
from tests.people import sign_up
from tests.walks.strangers import HANDSHAKE, Bare, bare, undisturbed

ENOUGH = 20 + 1  # so many that cannot be read end a connection


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


async def test_frames_that_are_none_end_only_their_own_connection(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog):
        for what, (data, code) in FRAMES.items():
            async with bare(server) as client:
                (await client.handshake()).writer.write(data)
                assert await client.code() == code, what


async def test_frames_byte_by_byte_are_the_same_frames(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog), bare(server) as client:
        await client.handshake()
        for byte in masked(b'{"id": 1, "method": "session.ping"}', 0x01) + masked(b"", 0x00) + masked(b" ", 0x80):
            client.writer.write(bytes((byte,)))
            await client.writer.drain()
            await asyncio.sleep(0)
        first, payload = await client.frame()
        assert (first, json.loads(payload)["id"]) == (0x81, 1)


async def test_frames_that_come_with_the_handshake_are_heard_too(server: Server, caplog: Any) -> None:
    pings = b"".join(masked(json.dumps({"id": n, "method": "session.ping"}).encode()) for n in range(3))
    async with undisturbed(server, caplog) as ann, bare(server) as client:
        client.writer.write(HANDSHAKE + f"Authorization: Bearer {ann.token}\r\n\r\n".encode() + pings[:-5])
        client.writer.write(pings[-5:])
        await client._reader.readuntil(b"\r\n\r\n")
        assert [json.loads((await client.frame())[1])["id"] for _ in range(3)] == [0, 1, 2]


async def test_a_message_in_many_pieces_is_one_message(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog), bare(server) as client:
        await client.handshake()
        client.writer.write(masked(b"[", 0x01) + masked(b" ", 0x00) * 900 + masked(b"", 0x00) * 90 + masked(b"]", 0x80))
        first, payload = await client.frame()
        assert (first, json.loads(payload)["error"]["code"]) == (0x81, -32600)


@pytest.mark.parametrize("frame", [masked(b"", 0x00), masked(b"", 0x89), masked(b"", 0x8A), masked(b"?")])
async def test_a_flood_of_frames_that_ask_nothing_is_cut_short(server: Server, caplog: Any, frame: bytes) -> None:
    async with undisturbed(server, caplog), bare(server) as client:
        await client.handshake()
        client.writer.write(masked(b"[", 0x01) if frame == masked(b"", 0x00) else b"")
        flood = asyncio.create_task(_flood(client, frame * 10_000))
        assert await client.code() in {4504, 1006}
        await flood


async def _flood(client: Bare, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            client.writer.write(data)
            await client.writer.drain()


async def test_random_bytes_after_the_handshake(server: Server, caplog: Any) -> None:
    chance = random.Random(7)
    async with undisturbed(server, caplog):
        for _ in range(100):
            async with bare(server) as client:
                await client.handshake()
                client.writer.write(chance.randbytes(chance.randint(1, 4000)))
                if chance.random() < 0.5:
                    client.writer.write_eof()
                    await client.all_of_it()


async def test_random_bytes_in_place_of_a_request(server: Server, caplog: Any) -> None:
    chance = random.Random(8)
    async with undisturbed(server, caplog):
        for number in range(100):
            async with bare(server) as client:
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


async def test_handshakes_that_are_none_are_refused_in_words(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog):
        for what, header in HEADERS.items():
            async with bare(server) as client:
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
    '{"method": "session.ping", "method": "community.get", "id": 3}',
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


async def test_json_that_is_no_request_is_answered_by_an_error_at_most(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog) as ann, bare(server) as client:
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


async def test_messagepack_that_is_no_request_is_answered_by_an_error_at_most(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog) as ann, bare(server) as client:
        await client.handshake(ann.token, "chat.v1.msgpack")
        for data in _packed_garbage():
            await _answered(client, data, text=False)


async def test_text_on_messagepack_is_the_wrong_kind(server: Server) -> None:
    async with bare(server) as client:
        (await client.handshake(subprotocol="chat.v1.msgpack")).writer.write(masked(b"{}"))
        assert await client.code() == 1003


async def test_a_bomb_in_a_compressed_message_is_too_big(open_server: Any, caplog: Any) -> None:
    server = await open_server(server__compression=True)
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(b"x" * 20_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    async with undisturbed(server, caplog):
        for data, code in ((bomb[:-4], 1009), (b"\xff\xff\xff\xff", 1002)):
            async with bare(server) as client:
                client.writer.write(HANDSHAKE + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
                await client._reader.readuntil(b"\r\n\r\n")
                client.writer.write(masked(data, 0xC1))
                assert await client.code() in {code, 1007, 1011}, data[:10]


# --- too many --------------------------------------------------------------------------------------------------------


async def test_who_goes_on_asking_too_much_is_sent_away(open_server: Any, caplog: Any) -> None:
    server = await open_server(limits__requests_burst=5, limits__requests_per_second=0.01)
    ping = masked(b'{"id": 1, "method": "session.ping"}')
    async with bare(server) as client:
        (await client.handshake()).writer.write(ping * 5)
        assert all(["result" in json.loads((await client.frame())[1]) for _ in range(5)])
        client.writer.write(ping * 500)
        codes: collections.Counter[int] = collections.Counter()
        while (frame := await client.frame())[0] == 0x81:
            codes[json.loads(frame[1])["error"]["code"]] += 1
        assert codes.keys() == {-32029}
        assert int.from_bytes(frame[1][:2], "big") == 4503


async def test_requests_in_heaps_are_all_answered_in_order(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog), bare(server) as client:
        token = (await sign_up(server.url, "heap")).token
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


async def test_who_hangs_up_in_the_middle_of_everything_leaves_nothing_behind(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog):
        token = (await sign_up(server.url, "gone")).token
        for number in range(40):
            async with bare(server) as client:
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
