"""permessage-deflate: one compressed frame for all connections that negotiated it, and zip bombs are refused."""

from __future__ import annotations

import asyncio
import json
import struct
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from typing import Any

import msgpack
import pytest
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from chatserver.app import Server
from tests.doors.visiting import knock
from tests.people import PATIENCE, Person, gathering, sign_up

UNPACKED = 20_000_000
FIN = 0x80
PACKED_TEXT = FIN | 0x40 | 0x01
FRAME_BYTES = 65_536


@pytest.fixture
async def server(open_server) -> Server:
    return await open_server(server__compression=True)


class Deflating(Person):
    """A person whose socket compresses as websockets does by default."""

    async def connect(self, **headers: str) -> Person:
        self.socket = await connect(
            self.url.replace("http", "ws", 1) + "/ws",
            additional_headers={"Authorization": f"Bearer {self.token}"},
            subprotocols=["chat.v1.msgpack"] if self.packed else None,
            compression="deflate",
            proxy=None,
        )
        assert [extension.name for extension in self.socket.protocol.extensions] == ["permessage-deflate"]
        self._reading = asyncio.create_task(self._read())
        return self


@pytest.fixture
async def people(server: Server) -> AsyncIterator[list[Person]]:
    """Ann plain and Bob compressing, both in JSON; Cat and Dan the same in MessagePack."""
    made: list[Person] = []
    for handle, kind, packed in (
        ("ann", Person, False),
        ("bob", Deflating, False),
        ("cat", Person, True),
        ("dan", Deflating, True),
    ):
        person = await sign_up(server.url, handle)
        made.append(await kind(server.url, person.token, person.user, packed=packed).start())
    yield made
    for person in made:
        await person.leave()


async def test_who_compresses_and_who_does_not_hear_the_same(people: list[Person]) -> None:
    texts = ["hello", "你好，世界 🍵", "tea " * 900, "x", *(f"number {number}" for number in range(20))]
    for number, text in enumerate(texts):
        await people[number % 4].say("hall", text)
    heard = []
    for person in people:
        await person.hears("message.posted", text=texts[-1])
        heard.append([event["params"] for event in person.events if event["method"] == "message.posted"])
    assert [params["text"].strip() for params in heard[0]] == [text.strip() for text in texts]
    assert heard[0] == heard[1] == heard[2] == heard[3]


async def test_history_and_refusals_are_readable_too(people: list[Person]) -> None:
    for _ in range(30):
        await people[0].say("hall", "a long evening " * 200)
    pages = [await person.call("message.history", room="hall", limit=100) for person in people]
    assert len(pages[0]["messages"]) == 30
    assert pages[0] == pages[1] == pages[2] == pages[3]


async def test_a_server_that_does_not_offer_it_agrees_to_nothing(open_server) -> None:
    server = await open_server(server__compression=False)
    answer = await knock(server.url, Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
    assert (answer.status, "Sec-WebSocket-Extensions" in answer.headers) == (101, False)


OFFERS = {
    "permessage-deflate": True,
    "permessage-deflate; client_max_window_bits": True,
    "permessage-deflate; server_max_window_bits=15": True,
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover": True,
    "permessage-deflate; server_max_window_bits=10": False,  # our frames are made once, for the whole window
    "permessage-deflate; server_max_window_bits=10, permessage-deflate": True,
    "permessage-deflate; unheard_of": False,
    "permessage-bzip2": False,
}


async def test_what_is_agreed_to_can_be_kept(server: Server) -> None:
    for offer, agreed in OFFERS.items():
        answer = await knock(server.url, Sec_WebSocket_Extensions=offer)
        said = answer.headers.get("Sec-WebSocket-Extensions", "").split("; ")
        assert answer.status == 101
        both_ways = {"permessage-deflate", "server_no_context_takeover", "client_no_context_takeover"}
        assert both_ways <= set(said) if agreed else said == [""], offer


async def test_a_client_with_a_small_window_reads_everything(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    async with small_window(server, ann.token) as socket, asyncio.timeout(PATIENCE):
        # What comes again after more than 512 bytes is a reference that a small window does not reach.
        text = "".join(chr(0x4E00 + number) for number in range(900)) * 2
        await socket.send(json.dumps({"id": 1, "method": "session.start"}))
        sent = {"room": "hall", "text": text, "client_id": "1"}
        await socket.send(json.dumps({"id": 2, "method": "message.send", "params": sent}))
        async for data in socket:
            said = json.loads(data)
            if said.get("method") == "message.posted":
                assert said["params"]["text"] == text
                return


def small_window(server: Server, token: str) -> connect:
    return connect(
        server.url.replace("http", "ws", 1) + "/ws",
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        extensions=[ClientPerMessageDeflateFactory(server_max_window_bits=9)],
        proxy=None,
    )


# --- bombs -----------------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """A frame's worth that unpacks to 20 MB, made without ever holding them."""
    packer = zlib.compressobj(9, wbits=-15)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(UNPACKED // 1_000_000))
    packed = (packed + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(packed) < FRAME_BYTES
    return packed


def _frame(first: int, payload: bytes) -> bytes:
    """A client's frame, its first byte as given and its mask all zeros."""
    size = len(payload)
    head = bytes((first, 0x80 | size)) if size < 126 else struct.pack("!BBH", first, 0x80 | 126, size)
    return head + bytes(4) + payload


def _in_one(packed: bytes) -> bytes:
    return _frame(PACKED_TEXT, packed)


def _in_pieces(packed: bytes) -> bytes:
    """None of which unpacks to too much by itself."""
    pieces = [packed[start : start + 20] for start in range(0, len(packed), 20)]
    middle = b"".join(_frame(0x00, piece) for piece in pieces[1:-1])
    return _frame(PACKED_TEXT & ~FIN, pieces[0]) + middle + _frame(FIN, pieces[-1])


@pytest.mark.parametrize("wrap", [_in_one, _in_pieces], ids=["in one frame", "in pieces"])
async def test_a_small_frame_that_unpacks_to_a_large_one_is_refused_before_it_does(server: Server, wrap: Any) -> None:
    frames = wrap(bomb())
    assert len(frames) < UNPACKED / 100
    ann = await sign_up(server.url, "ann")
    person = await Deflating(server.url, ann.token, ann.user).start()
    tracemalloc.start()
    try:
        person.socket.transport.write(frames)
        code = await person.closed()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code == 1009
    assert most < UNPACKED / 10
    async with gathering(server.url, "bob") as (bob,):
        await bob.say("hall", "still here")


async def test_what_is_not_compressed_though_it_says_so_ends_the_connection(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    for payload, code in ((b"\xff\xff\xff", 1002), (b"{}", 1007)):  # no deflate at all; deflate of what is no text
        person = await Deflating(server.url, ann.token, ann.user).start()
        person.socket.transport.write(_frame(PACKED_TEXT, payload))
        assert await person.closed() == code


async def test_an_empty_compressed_message_is_refused_like_an_empty_one(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    person = await Deflating(server.url, ann.token, ann.user).start()
    person.socket.transport.write(_frame(PACKED_TEXT, b"\x00"))
    assert (await person.call("session.ping"))["at"] > 0
    await person.leave()


async def test_a_plain_frame_from_who_may_compress_is_read(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    person = await Deflating(server.url, ann.token, ann.user, packed=True).start()
    answer = await person.ask("session.ping")
    await answer
    sent = msgpack.packb(
        {"id": None, "method": "message.send", "params": {"room": "hall", "text": "plain", "client_id": "1"}}
    )
    person.socket.transport.write(_frame(FIN | 0x02, sent))
    await person.hears("message.posted", text="plain")
    await person.leave()
