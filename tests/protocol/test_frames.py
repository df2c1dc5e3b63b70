"""Frames as others read them: websockets' own parser and its permessage-deflate."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from chatserver.protocol.frames import deflate, frame
from tests.protocol.values import tries

LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]
INFLATE = PerMessageDeflate(
    remote_no_context_takeover=True, local_no_context_takeover=True, remote_max_window_bits=15, local_max_window_bits=15
)


def _finished(parsing: Generator[None, None, Any]) -> Any:
    try:
        next(parsing)
    except StopIteration as done:
        return done.value
    raise AssertionError("the parser waits for more than one whole frame")


def parsed(data: bytes, *, extensions: list[PerMessageDeflate] | None = None) -> list[Frame]:
    """All frames in the data, as a client reads them."""
    stream = StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    frames = []
    while not _finished(stream.at_eof()):
        frames.append(_finished(Frame.parse(stream.read_exact, mask=False, extensions=extensions)))
    return frames


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("text", [True, False])
def test_every_length_is_one_whole_frame(length: int, *, text: bool) -> None:
    payload = b"x" * length
    (read,) = parsed(frame(payload, text=text))
    assert read == Frame(Opcode.TEXT if text else Opcode.BINARY, payload)
    assert len(frame(payload, text=text)) - length == (2 if length < 126 else 4 if length < 65_536 else 10)


@tries(60)
@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=8))
def test_frames_joined_in_one_write_are_read_one_by_one(messages: list[tuple[bytes, bool]]) -> None:
    blob = b"".join(frame(payload, text=text) for payload, text in messages)
    assert [(bytes(read.data), read.opcode is Opcode.TEXT) for read in parsed(blob)] == messages


@pytest.mark.parametrize("length", LENGTHS)
def test_what_is_compressed_is_read_by_who_agreed_to_it(length: int) -> None:
    payload = bytes(range(256)) * (length // 256) + bytes(range(length % 256))
    (read,) = parsed(frame(deflate(payload), text=False, compressed=True), extensions=[INFLATE])
    assert (bytes(read.data), read.fin, read.rsv1) == (payload, True, False)


@tries(60)
@given(st.lists(st.tuples(st.binary(max_size=2000), st.booleans()), max_size=6))
def test_each_compressed_frame_can_be_decompressed_alone(messages: list[tuple[bytes, bool]]) -> None:
    """Plain and compressed ones in any order: no context is taken over, so one frame serves everyone."""
    blob = b"".join(
        frame(deflate(payload) if packed else payload, text=False, compressed=packed) for payload, packed in messages
    )
    assert [bytes(read.data) for read in parsed(blob, extensions=[INFLATE])] == [payload for payload, _ in messages]


def test_words_shrink() -> None:
    payload = b'{"jsonrpc":"2.0","method":"message.posted","params":{"room":"hall"}}' * 3
    assert len(deflate(payload)) < len(payload) / 2
