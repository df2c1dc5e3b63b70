"""All WebSocket close codes in one table. The range of a code is the advice: 4100 to 4499, reconnect with your cursors;
4500 to 4999, do not reconnect until a person has acted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True, frozen=True)
class Close:
    code: int
    reason: str
    advice: str


NORMAL: Final = Close(1000, "bye", "The client closed the connection. Nothing to do.")
UNSUPPORTED: Final = Close(1003, "wrong kind of frame", "Use text frames for chat.v1.json, binary for chat.v1.msgpack.")
BAD_TEXT: Final = Close(1007, "not UTF-8", "Send valid UTF-8 in text frames.")
TOO_BIG: Final = Close(1009, "message too big", "Send smaller messages: see the limits in session.start's result.")
FAULT: Final = Close(1011, "server fault", "Internal error; it was logged. Reconnect.")
LOST: Final = Close(1006, "lost", "Never sent: the connection ended without a close frame. Reconnect.")
RESTARTING: Final = Close(4100, "restarting", "Reconnect with your cursors after a random delay of up to a second.")
SLOW: Final = Close(4101, "too slow", "Read faster. Reconnect with your cursors.")
SILENT: Final = Close(4102, "silent", "Answer pings. Reconnect with your cursors.")
SIGNED_OUT: Final = Close(4500, "signed out", "Sign in again.")
REVOKED: Final = Close(4501, "token revoked", "Get a new token.")
BANNED: Final = Close(4502, "suspended", "An admin suspended the account. Ask an admin.")
TOO_MANY: Final = Close(4503, "too many requests", "Fix the program so that it sends fewer requests, then reconnect.")
BAD_FRAMES: Final = Close(4504, "bad frames", "Fix the program: the server cannot parse what it sends.")
NO_SESSION: Final = Close(4505, "no session in time", "Send session.start as the first request, within ten seconds.")

TABLE: Final = (
    NORMAL, UNSUPPORTED, BAD_TEXT, TOO_BIG, FAULT, RESTARTING, SLOW, SILENT,
    SIGNED_OUT, REVOKED, BANNED, TOO_MANY, BAD_FRAMES, NO_SESSION,
)  # fmt: skip


def may_return(code: int) -> bool:
    """Whether a client should reconnect by itself after this close code."""
    return (code < 4000 and code not in {1003, 1007, 1009}) or 4100 <= code < 4500
