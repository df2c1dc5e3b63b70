"""One socket after its handshake: receives bytes, passes messages to its owner, sends frames and responses.

``doors/socket.py`` creates it when it takes the transport over from aiohttp. A whole message in one masked frame of the
wire's type, as nearly all are, is unmasked here; ``websockets``' sans-I/O ``ServerProtocol``, which took a tenth of the
cost of a message, parses and checks all other frames. Outgoing frames are built elsewhere, once for all. There is no
task and no queue: a connection that cannot take more is no longer read, and its followers fall behind.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any, Final, Protocol

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # a build without the C extension
    from websockets.utils import apply_mask

from chatserver.live.wire import Wire
from chatserver.protocol import closing
from chatserver.protocol.closing import Close

log = logging.getLogger(__name__)
_numbers = itertools.count(1)
_DATA: Final = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}

_NO_LIMIT: Final = 1 << 62
MOST_HEARD_CLOSING_BYTES: Final = 8192
"""After our close frame, only this much of a read is parsed; one read may contain 40,000 of the smallest frames."""
MOST_IDLE_FRAMES: Final = 1000
"""The most control frames and message fragments within a second."""
MOST_AFTER_CLOSING_BYTES: Final = 1 << 17


OnMessage = Callable[["Connection", bytes], None]
OnClosed = Callable[["Connection"], None]


class Owner(Protocol):
    """The hub, as a connection calls it."""

    def resumed(self, connection: Connection) -> None: ...
    def closed(self, connection: Connection) -> None: ...
    def flush_soon(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """``user_id`` is empty until the session starts, and for visitors. A connection knows nothing of rooms.
    Messages have at most ``frame_bytes``; 0 means no limit."""

    __slots__ = (
        "_after_closing", "_begun", "_fragments", "_frame_bytes", "_idle_frames", "_idle_since", "_in_pieces",
        "_kind", "_most", "_on_closed", "_on_message", "_owner", "_plain", "_protocol", "_wanted", "address",
        "agent", "closing", "data", "heard", "login_id", "number", "opened_at", "origin",
        "out", "paused", "paused_at", "pinged", "reading", "started", "transport", "user_id", "wire",
    )  # fmt: skip

    def __init__(
        self, owner: Owner, protocol: ServerProtocol, wire: Wire, now: float, *, frame_bytes: int = 0,
        on_message: OnMessage = lambda *_: None, on_closed: OnClosed = lambda _: None,
    ) -> None:  # fmt: skip
        self.number = next(_numbers)
        self.wire = wire
        self.opened_at = now
        self.user_id = ""
        self.login_id = ""
        self.address = ""
        self.agent = ""
        self.origin = ""
        self.started = False
        self.closing: Close | None = None
        self.paused = False
        self.paused_at = 0.0
        self.reading = True
        self.heard = True
        self.pinged = 0.0
        self.out: list[bytes] = []
        self.data: Any = None
        self._owner = owner
        self._on_message = on_message
        self._on_closed = on_closed
        self._protocol = protocol
        self._fragments = bytearray()
        self._kind: Opcode | None = None
        self._plain = 0x81 if wire.codec.text else 0x82
        self._frame_bytes = self._most = frame_bytes or _NO_LIMIT
        self._in_pieces = False
        self._begun: bytearray | None = None
        self._wanted = 0
        self._idle_since = 0.0
        self._idle_frames = 0
        self._after_closing = 0
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything can be written

    # --- bytes in --------------------------------------------------------------------------------------------------

    def take_over(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def begin_with(self, size: int) -> None:
        """Allow larger messages until the session has started, for the cursors of all rooms."""
        self._most = self._protocol.max_message_size = max(size, self._frame_bytes)

    def begun(self) -> None:
        """Called when the session has started: from now on the normal size applies."""
        self.started = True
        if self._most != self._frame_bytes:
            self._most = self._protocol.max_message_size = self._frame_bytes

    def data_received(self, data: bytes) -> None:
        """Called by the transport. Must not raise: asyncio would drop the connection without logging."""
        try:
            self._received(data)
        except Exception:
            log.exception("connection: a frame could not be handled")
            self.close(closing.FAULT)

    def _received(self, data: bytes) -> None:
        self.heard = True
        if self.closing is not None:
            if self._still_listens(len(data)):
                self._pass_on(data)
            return
        if self._begun is not None:
            self._begun += data
            if len(self._begun) < self._wanted:
                return
            data, self._begun = bytes(self._begun), None
        taken = self._take_frames(data)
        if taken < len(data):
            self._keep(data[taken:])

    def _take_frames(self, data: bytes) -> int:
        """Handle complete frames in order, until one closes the connection; returns the offset of the rest."""
        at, end = 0, len(data)
        while end - at >= 2 and self.closing is None:
            size, head = _extent(data, at)
            stop = head + size
            if size < 0 or (head <= end and size > self._most):
                self._refuse(data[at:])
                return end
            if stop > end:
                break
            if data[at] == self._plain and not self._in_pieces:
                self._whole_message(apply_mask(data[head:stop], data[head - 4 : head]))
            else:
                self._protocol.receive_data(data[at:stop])
                self._events()
            at = stop
        return at

    def _whole_message(self, data: bytes) -> None:
        if self._plain == 0x82 or data.isascii() or _is_utf8(data):
            self._on_message(self, data)
        else:
            self.close(closing.BAD_TEXT)

    def _refuse(self, data: bytes) -> None:
        """Let ``ServerProtocol`` refuse a frame that is unmasked or too large; the head is enough for that."""
        self._protocol.receive_data(data)
        self._events()
        if self.closing is None:
            self.close(closing.BAD_FRAMES)

    def _keep(self, data: bytes) -> None:
        """Buffer the bytes of an incomplete frame until the rest of it, or at least its head, has arrived."""
        if self.closing is not None:
            self._pass_on(data)
            return
        self._begun = bytearray(data)
        size, head = _extent(data, 0) if len(data) >= 2 else (0, 2)
        self._wanted = head + size if head <= len(data) else head

    def _pass_on(self, data: bytes) -> None:
        """Pass data after our close frame to ``ServerProtocol``, which waits for the client's close frame."""
        if self._begun is not None:
            data, self._begun = bytes(self._begun) + data, None
        self._protocol.receive_data(data[:MOST_HEARD_CLOSING_BYTES])
        self._events()

    def _still_listens(self, size: int) -> bool:
        """Whether to keep reading after our close frame; a client that keeps sending is aborted."""
        self._after_closing += size
        if self._after_closing > MOST_AFTER_CLOSING_BYTES:
            self.abort()
            return False
        return True

    def eof_received(self) -> bool:
        if self._begun is not None:
            self._protocol.receive_data(bytes(self._begun))
            self._begun = None
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
        """The client closed or violated the protocol. The close frame was sent, and nothing may follow it."""
        sent = self._protocol.close_sent
        if self._protocol.close_rcvd is not None:
            self.closing = closing.NORMAL
        else:
            self.closing = closing.LOST if sent is None else Close(sent.code, sent.reason, "Fix the client.")
        self.paused = True

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            self._kind = frame.opcode
        if not frame.fin or frame.opcode not in _DATA:
            self._count_idle()
        if frame.opcode not in _DATA:
            return
        self._in_pieces = not frame.fin
        if frame.fin and not self._fragments:
            self._message(bytes(frame.data))
            return
        self._fragments += frame.data
        if frame.fin:
            whole, self._fragments = bytes(self._fragments), bytearray()
            self._message(whole)

    def _count_idle(self) -> None:
        """Limit pings and fragments: no rate limit of requests counts them, but each costs the loop 20 µs."""
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
            self._on_message(self, data)

    def _send_protocol_data(self) -> None:
        """Send what ``ServerProtocol`` decided: pongs, close frames, the end of the stream."""
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
        """Send complete frames, after waiting responses."""
        if self.closing is not None or self.transport.is_closing():
            return
        if self.out:
            self.out.append(frames)
        else:
            self.transport.write(frames)

    def reply(self, frame: bytes) -> None:
        """Send a response together with everything else that is sent in this turn of the loop."""
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
        """Stop reading from a client that does not drain its socket or has too many requests in flight."""
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
        self._on_closed(self)


def _extent(data: bytes, at: int) -> tuple[int, int]:
    """The payload size of the frame at ``at``, negative if it is not masked, and the payload's offset, which is beyond
    the data if the head is incomplete."""
    size, head = data[at + 1] - 0x80, at + 2
    if size == 126:
        size, head = int.from_bytes(data[head : head + 2], "big"), head + 2
    elif size == 127:
        size, head = int.from_bytes(data[head : head + 8], "big"), head + 8
    return size, head + 4


def _is_utf8(data: bytes) -> bool:
    """Whether a text payload is valid UTF-8, which ``ServerProtocol`` does not check (RFC 6455, section 8.1)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
