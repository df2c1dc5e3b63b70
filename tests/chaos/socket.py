"""A WebSocket reader as lean as a test of hundreds needs: JSON, whole frames, no task of its own.

It knows RFC 6455 from outside: frames it sends are masked with zeros, frames it hears must not be masked.
"""

from __future__ import annotations

import asyncio
import socket as socket_module
from collections.abc import Callable
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def masked(payload: bytes, opcode: int = 0x81) -> bytes:
    """One frame as a client sends it."""
    length = len(payload)
    if length < 126:
        head = bytes((opcode, 0x80 | length))
    elif length < 65536:
        head = bytes((opcode, 0xFE)) + length.to_bytes(2, "big")
    else:
        head = bytes((opcode, 0xFF)) + length.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Socket(asyncio.Protocol):
    """``heard(message)`` is called for each, ``lost(code)`` once at the end, 1006 where no close frame came."""

    def __init__(self, heard: Callable[[dict[str, Any]], None], lost: Callable[[int], None]) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self.code = 1006
        self.frames = 0
        self._heard = heard
        self._lost = lost
        self._rest = b""

    @classmethod
    async def open(
        cls,
        url: str,
        token: str,
        heard: Callable[[dict[str, Any]], None],
        lost: Callable[[int], None],
        *,
        receives: int = 0,
    ) -> Socket:
        """``receives``: bytes that the kernel takes in while nobody reads; 0 leaves that to it."""
        host, _, port = url.removeprefix("http://").rpartition(":")
        loop, raw = asyncio.get_running_loop(), socket_module.socket()
        raw.setblocking(False)
        if receives:
            raw.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_RCVBUF, receives)
        try:
            await loop.sock_connect(raw, (host, int(port)))
        except BaseException:
            raw.close()
            raise
        _, socket = await loop.create_connection(lambda: cls(heard, lost), sock=raw)
        socket.transport.write(
            b"GET /ws HTTP/1.1\r\nHost: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Authorization: Bearer %b\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n" % (f"{host}:{port}".encode(), token.encode())
        )
        await socket.opened
        return socket

    def send(self, message: dict[str, Any]) -> None:
        self.transport.write(masked(_encode(message)))

    def cut(self) -> None:
        self.transport.abort()

    # --- asyncio's side ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("no WebSocket to be had"))
        self._lost(self.code)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self.opened.done() and not self._handshake():
            return
        self._rest = self._rest[self._frames(self._rest) :]

    def _handshake(self) -> bool:
        head, found, rest = self._rest.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 101 "):
            self.opened.set_exception(ConnectionError(head.partition(b"\r\n")[0].decode()))
            self.transport.abort()
            return False
        self._rest = rest
        self.opened.set_result(None)
        return True

    def _frames(self, data: bytes) -> int:
        """Take in all whole frames; gives where the rest begins. One loop: a soak brings millions."""
        start, there = 0, len(data)
        while there - start >= 2:
            size, head = data[start + 1], start + 2
            if size > 125:
                length = 2 if size == 126 else 8
                if there - head < length:
                    break
                size, head = int.from_bytes(data[head : head + length], "big"), head + length
            if head + size > there:
                break
            self._take(data[start], data[head : head + size])
            start = head + size
        return start

    def _take(self, first: int, payload: bytes) -> None:
        if first == 0x81:
            self.frames += 1
            self._heard(_decode(payload))
        elif first == 0x89:
            self.transport.write(masked(payload, 0x8A))
        elif first == 0x88:
            self.code = int.from_bytes(payload[:2], "big") if payload else 1005
            self.transport.close()
        elif first != 0x8A:
            raise AssertionError(f"a frame that no server of ours sends: {first:#x}")
