"""One socket, after its handshake: bytes in, requests out to whoever serves them; frames and replies back.

It comes to life in ``doors/socket.py``, which takes the transport over from aiohttp. ``websockets``' sans-I/O
``ServerProtocol`` parses and checks every frame; frames that leave are made elsewhere, once for all. There is no task
and no queue here: a connection that cannot take more stops being read, and its followers become behind.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from chatserver.live.wire import Wire
from chatserver.protocol import closing
from chatserver.protocol.closing import Close

if TYPE_CHECKING:
    from chatserver.live.feed import Feed
    from chatserver.live.outgoing import Behind

_numbers = itertools.count(1)
_DATA: Final = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}

# One read may bring 256 KB, 40,000 of the smallest frames: who sends such is found out after a part of them.
PART_BYTES: Final = 8192
MOST_IDLE_FRAMES: Final = 1000
"""Control frames and pieces of messages in one second."""
MOST_AFTER_CLOSING_BYTES: Final = 1 << 17


class Owner(Protocol):
    """What a connection tells the hub."""

    def message(self, connection: Connection, data: bytes) -> None: ...
    def resumed(self, connection: Connection) -> None: ...
    def closed(self, connection: Connection) -> None: ...
    def flush_soon(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """``user_id`` is empty until the session begins, and for visitors. ``behind`` holds a place per feed not live."""

    __slots__ = (
        "_after_closing", "_fragments", "_idle_frames", "_idle_since", "_kind", "_owner", "_protocol", "address",
        "agent", "behind", "closing", "data", "follows", "heard", "login_id", "number", "opened_at", "out", "paused",
        "paused_at", "pinged", "reading", "started", "transport", "user_id", "wire",
    )  # fmt: skip

    def __init__(self, owner: Owner, protocol: ServerProtocol, wire: Wire, now: float) -> None:
        self.number = next(_numbers)
        self.wire = wire
        self.opened_at = now
        self.user_id = ""
        self.login_id = ""
        self.address = ""
        self.agent = ""
        self.started = False
        self.closing: Close | None = None
        self.paused = False
        self.paused_at = 0.0
        self.reading = True
        self.heard = True
        self.pinged = 0.0
        self.out: list[bytes] = []
        self.follows: dict[Feed, None] = {}
        self.behind: dict[Feed, Behind] = {}
        self.data: Any = None
        self._owner = owner
        self._protocol = protocol
        self._fragments = bytearray()
        self._kind: Opcode | None = None
        self._idle_since = 0.0
        self._idle_frames = 0
        self._after_closing = 0
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything can be written

    # --- bytes in --------------------------------------------------------------------------------------------------

    def take_over(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard = True
        if self.closing is not None and not self._still_listens(len(data)):
            return
        for start in range(0, len(data), PART_BYTES):
            self._protocol.receive_data(data if len(data) <= PART_BYTES else data[start : start + PART_BYTES])
            self._events()
            if self.closing is not None:
                return

    def _still_listens(self, size: int) -> bool:
        """After our close frame only the client's own is of interest; who goes on sending is cut off."""
        self._after_closing += size
        if self._after_closing > MOST_AFTER_CLOSING_BYTES:
            self.abort()
            return False
        return True

    def eof_received(self) -> bool:
        self._protocol.receive_eof()
        self._events()
        return False

    def _events(self) -> None:
        for event in self._protocol.events_received():
            if self.closing is None and isinstance(event, Frame):
                self._frame(event)
        self._send_protocol_data()
        if self.closing is None and self._protocol.state is not State.OPEN:
            self._ended_by_protocol()

    def _ended_by_protocol(self) -> None:
        """The client closed or broke the protocol: the close frame has left, and nothing may follow it."""
        sent = self._protocol.close_sent
        if self._protocol.close_rcvd is not None:
            self.closing = closing.NORMAL
        else:
            self.closing = closing.LOST if sent is None else Close(sent.code, sent.reason, "Mend the program.")
        self.paused = True

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            self._kind = frame.opcode
        if not frame.fin or frame.opcode not in _DATA:
            self._count_idle()
        if frame.opcode not in _DATA:
            return
        if frame.fin and not self._fragments:
            self._message(bytes(frame.data))
            return
        self._fragments += frame.data
        if frame.fin:
            whole, self._fragments = bytes(self._fragments), bytearray()
            self._message(whole)

    def _count_idle(self) -> None:
        """Pings and pieces carry no request that a limit could count, but each costs the loop its 20 µs."""
        now = asyncio.get_running_loop().time()
        if now - self._idle_since > 1:
            self._idle_since, self._idle_frames = now, 0
        self._idle_frames += 1
        if self._idle_frames > MOST_IDLE_FRAMES:
            self.close(closing.BAD_FRAMES)

    def _message(self, data: bytes) -> None:
        if (self._kind is Opcode.TEXT) is not self.wire.codec.text:
            self.close(closing.UNSUPPORTED)
        elif self._kind is Opcode.TEXT and not _is_utf8(data):
            self.close(closing.BAD_TEXT)
        else:
            self._owner.message(self, data)

    def _send_protocol_data(self) -> None:
        """Pongs, close frames and the end of the stream, which ServerProtocol decides on."""
        for data in self._protocol.data_to_send():
            if self.transport.is_closing():
                return
            if data:
                self._flush()
                self.transport.write(data)
            else:
                self.transport.close()

    # --- frames out ------------------------------------------------------------------------------------------------

    def write(self, frames: bytes) -> None:
        """Send whole frames, after the replies that wait."""
        if self.closing is not None or self.transport.is_closing():
            return
        if self.out:
            self.out.append(frames)
        else:
            self.transport.write(frames)

    def reply(self, frame: bytes) -> None:
        """Send a response with whatever else leaves in this tick."""
        if self.closing is not None:
            return
        if not self.out:
            self._owner.flush_soon(self)
        self.out.append(frame)

    def flush(self) -> None:
        if self.closing is None:
            self._flush()

    def _flush(self) -> None:
        if self.out and not self.transport.is_closing():
            self.transport.write(b"".join(self.out))
        self.out.clear()

    def pause_writing(self) -> None:
        self.paused = True
        self.paused_at = asyncio.get_running_loop().time()
        self.read_or_wait()

    def resume_writing(self) -> None:
        if self.closing is None:
            self.paused = False
            self.read_or_wait()
            self._owner.resumed(self)

    def read_or_wait(self, *, busy: bool = False) -> None:
        """Nothing is read from who does not read, nor from who has too many requests waiting."""
        wanted = not self.paused and not busy
        if wanted is self.reading or self.closing is not None or self.transport.is_closing():
            return
        self.reading = wanted
        (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    # --- the end ---------------------------------------------------------------------------------------------------

    def ping(self, now: float) -> None:
        self.heard = False
        self.pinged = now
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")
            self._send_protocol_data()

    def close(self, how: Close) -> None:
        """Send a close frame; nothing is written after it."""
        if self.closing is not None:
            return
        self._flush()
        self.closing = how
        self.paused = True
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(how.code, how.reason)
        self._send_protocol_data()
        if not self.reading and not self.transport.is_closing():
            self.reading = True
            self.transport.resume_reading()

    def abort(self) -> None:
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.paused = True
        if self.closing is None:
            self.closing = closing.LOST
        self.out.clear()
        self._owner.closed(self)


def _is_utf8(data: bytes) -> bool:
    """ServerProtocol leaves this to whoever reads the text (RFC 6455, section 8.1)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


Make = Callable[[ServerProtocol], Connection]
