"""Incoming frames: complete, split at any byte, many in one read, and invalid ones."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Iterator

import pytest
from websockets.http11 import Request
from websockets.server import ServerProtocol

from chatserver.live.connection import Connection
from chatserver.live.wire import WIRES
from chatserver.protocol import closing
from tests.live.crowds import Transport

TEXT, BINARY, MORE, CLOSE, PING = 0x81, 0x82, 0x80, 0x88, 0x89
BEGUN = 0x01
MASK = b"\x11\x22\x33\x44"


class Ear:
    """Whoever takes what a connection was sent."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def take(self, connection: Connection, data: bytes) -> None:
        self.messages.append(data)

    def resumed(self, connection: Connection) -> None:
        """It could be written to again."""

    closed = flush_soon = resumed


def frame(first: int, payload: bytes, *, masked: bool = True, size: int | None = None) -> bytes:
    """One frame; ``size`` where its head says another."""
    length = len(payload) if size is None else size
    bit = 0x80 if masked else 0
    if length < 126:
        head = bytes((first, bit | length))
    elif length < 65536:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


HANDSHAKE = b"\r\n".join(
    [
        b"GET /ws HTTP/1.1", b"Host: chat.example.org", b"Upgrade: websocket", b"Connection: Upgrade",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13", b"", b"",
    ]
)  # fmt: skip


def opened(frame_bytes: int) -> ServerProtocol:
    """A protocol after its handshake."""
    protocol = ServerProtocol(max_size=frame_bytes or None)
    protocol.receive_data(HANDSHAKE)
    (asked,) = protocol.events_received()
    assert isinstance(asked, Request)
    protocol.send_response(protocol.accept(asked))
    protocol.data_to_send()
    return protocol


def connection(*, wire: str = "chat.v1.json", frame_bytes: int = 0) -> tuple[Connection, Ear, Transport]:
    ear, transport = Ear(), Transport()

    def take(connection: Connection, data: bytes) -> None:
        ear.take(connection, data)

    made = Connection(ear, opened(frame_bytes), WIRES[wire, False], 0.0, frame_bytes=frame_bytes, on_message=take)
    made.take_over(transport)
    return made, ear, transport


def heard(chunks: Iterable[bytes], *, wire: str = "chat.v1.json", frame_bytes: int = 0) -> tuple[list[bytes], int]:
    """The messages that came in these reads, and the code with which the connection was closed (0: not)."""
    made, ear, _ = connection(wire=wire, frame_bytes=frame_bytes)
    for chunk in chunks:
        made.data_received(chunk)
    return ear.messages, made.closing.code if made.closing is not None else 0


LONG, LONGER = b"y" * 300, "日本語".encode() * 9000
STREAM = b"".join(
    [
        frame(TEXT, b"one"), frame(TEXT, b""), frame(PING, b"p"), frame(TEXT, b"x" * 125), frame(TEXT, b"x" * 126),
        frame(BEGUN, b"in "), frame(PING, b""), frame(0x00, b"three "), frame(MORE, b"pieces"), frame(TEXT, LONG),
    ]
)  # fmt: skip
SAID = [b"one", b"", b"x" * 125, b"x" * 126, b"in three pieces", LONG]


async def test_frames_that_come_in_one_read_are_taken_in_order() -> None:
    assert heard([STREAM]) == (SAID, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
async def test_frames_that_come_a_few_bytes_at_a_time_are_the_same(size: int) -> None:
    assert heard(STREAM[at : at + size] for at in range(0, len(STREAM), size)) == (SAID, 0)


async def test_frames_cut_anywhere_are_the_same() -> None:
    for cut in range(len(STREAM)):
        assert heard([STREAM[:cut], STREAM[cut:]]) == (SAID, 0), cut


async def test_a_long_frame_may_come_in_any_number_of_reads() -> None:
    data = frame(TEXT, LONGER) + frame(TEXT, b"next")
    assert heard(data[at : at + 4000] for at in range(0, len(data), 4000)) == ([LONGER, b"next"], 0)
    for cut in range(16):
        assert heard([data[:cut], data[cut:]]) == ([LONGER, b"next"], 0), cut


def _chunks(data: bytes, chance: random.Random) -> Iterator[bytes]:
    while data:
        size = chance.choice((1, 2, 9, 130, 5000))
        yield data[:size]
        data = data[size:]


@pytest.mark.parametrize("wire", ["chat.v1.json", "chat.v1.msgpack"])
@pytest.mark.parametrize("seed", range(20))
async def test_whatever_comes_is_taken_as_it_is_in_one_read(seed: int, wire: str) -> None:
    chance = random.Random(seed)
    whole = TEXT if wire == "chat.v1.json" else BINARY
    data, said = b"", []
    for _ in range(40):
        payload = bytes(chance.choices(b"abc \n", k=chance.choice((0, 1, 125, 126, 127, 400, 70_000))))
        said.append(payload)
        if chance.random() < 0.3:
            cut = chance.randint(0, len(payload))
            data += frame(whole & 0x0F, payload[:cut]) + frame(PING, b"") + frame(MORE, payload[cut:])
        else:
            data += frame(whole, payload)
    assert heard(_chunks(data, chance), wire=wire) == heard([data], wire=wire) == (said, 0)


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        (1002, frame(TEXT, b"x", masked=False)),
        (1002, frame(CLOSE, b"\x03\xe8", masked=False)),
        (1002, frame(TEXT | 0x40, b"x")),  # compressed, which nobody agreed on
        (1002, frame(0x83, b"x")),
        (1002, frame(MORE, b"nothing was begun")),
        (1002, frame(BEGUN, b"x") + frame(TEXT, b"amid a message in pieces")),
        (1002, frame(0x09, b"a ping in pieces")),
        (1003, frame(BINARY, b"x")),
        (1003, frame(0x02, b"x") + frame(MORE, b"y")),
        (1007, frame(TEXT, b"\xff")),
        (1007, frame(BEGUN, "日".encode()[:1]) + frame(MORE, b"x")),
        (1009, frame(TEXT, b"x" * 1001)),
        (1009, frame(BEGUN, b"x" * 600) + frame(MORE, b"x" * 600)),
    ],
)
async def test_what_nobody_may_send_ends_the_connection_and_is_not_heard(code: int, bad: bytes) -> None:
    data = frame(TEXT, b"good") + bad + frame(TEXT, b"too late")
    assert heard([data], frame_bytes=1000) == ([b"good"], code)
    assert heard((data[at : at + 1] for at in range(len(data))), frame_bytes=1000) == ([b"good"], code)


@pytest.mark.parametrize("size", [1001, 70_000, 1 << 40, (1 << 63) + 1])
async def test_a_frame_that_is_too_large_is_refused_by_its_head_alone(size: int) -> None:
    assert heard([frame(TEXT, b"", size=size)], frame_bytes=1000) == ([], 1009)


async def test_a_frame_without_a_mask_is_refused_by_its_head_alone() -> None:
    assert heard([b"\x81\x05"]) == ([], 1002)


@pytest.mark.parametrize("cut", range(8))
async def test_the_clients_close_frame_is_found_after_ours_wherever_a_read_ends(cut: int) -> None:
    made, ear, transport = connection()
    bad, close = frame(TEXT, b"\xff"), frame(CLOSE, b"\x03\xe8")
    data = bad + close
    made.data_received(data[: len(bad) + cut])
    made.data_received(data[len(bad) + cut :])
    assert made.closing is not None and made.closing.code == 1007
    assert made._protocol.close_rcvd is not None and not ear.messages
    assert len(transport.written) == 1


async def test_a_begun_frame_does_not_hide_the_clients_close_frame() -> None:
    made, ear, _ = connection()
    last = frame(TEXT, b"half of it, and no more")
    made.data_received(last[:10])
    made.close(closing.RESTARTING)
    made.data_received(last[10:] + frame(CLOSE, b"\x03\xe8"))
    assert made.closing is closing.RESTARTING and made._protocol.close_rcvd is not None and not ear.messages


async def test_a_connection_that_ends_within_a_frame_ends() -> None:
    made, ear, _ = connection()
    made.data_received(frame(TEXT, b"half")[:5])
    made.eof_received()
    assert made.closing is not None and not ear.messages


def test_a_fault_of_the_server_ends_the_connection_with_a_word_and_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    made, ear, _ = connection()

    def fail(connection: Connection, data: bytes) -> None:
        raise KeyError("a fault of ours")

    ear.take = fail  # type: ignore[method-assign]
    made.data_received(frame(TEXT, b"{}"))
    assert made.closing is closing.FAULT
    assert "a frame could not be handled" in caplog.text
    made.data_received(frame(TEXT, b"{}"))


def test_until_its_session_has_begun_a_connection_may_bring_the_cursors_of_all_its_rooms() -> None:
    made, ear, _ = connection(frame_bytes=1024)
    made.begin_with(1 << 16)
    made.data_received(frame(TEXT, b"x" * 60_000))
    made.begun()
    made.data_received(frame(TEXT, b"x" * 1024))
    assert [len(message) for message in ear.messages] == [60_000, 1024]
    made.data_received(frame(TEXT, b"x" * 1025))
    assert made.closing is not None and made.closing.code == closing.TOO_BIG.code
