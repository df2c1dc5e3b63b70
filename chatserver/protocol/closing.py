"""How a connection ends: one table of close codes. The number's range is the advice: 4100 to 4499 come back with your
cursors, 4500 to 4999 stay away until a person acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True, frozen=True)
class Close:
    code: int
    reason: str
    advice: str


NORMAL: Final = Close(1000, "bye", "The client closed; nothing to do.")
UNSUPPORTED: Final = Close(1003, "wrong kind of frame", "Text frames with chat.v1.json, binary with chat.v1.msgpack.")
BAD_TEXT: Final = Close(1007, "not UTF-8", "Send valid UTF-8 in text frames.")
TOO_BIG: Final = Close(1009, "message too big", "Send smaller messages: see session.start's limits.")
FAULT: Final = Close(1011, "server fault", "Come back; the fault is in the server's log.")
LOST: Final = Close(1006, "lost", "Never sent: what both sides see where no close frame came. Come back.")
RESTARTING: Final = Close(4100, "restarting", "Come back with your cursors, after a random time up to a second.")
SLOW: Final = Close(4101, "too slow", "Read faster, or come back with your cursors.")
SILENT: Final = Close(4102, "silent", "Answer pings; come back with your cursors.")
SIGNED_OUT: Final = Close(4500, "signed out", "Sign in again.")
REVOKED: Final = Close(4501, "token revoked", "Ask for a new token.")
BANNED: Final = Close(4502, "suspended", "The people who run this community closed the account to you.")
TOO_MANY: Final = Close(4503, "too many requests", "Mend the program that sends so much, then come back.")
BAD_FRAMES: Final = Close(4504, "bad frames", "Mend the program: what it sends cannot be read.")
NO_SESSION: Final = Close(4505, "no session in time", "Send session.start as the first request, within ten seconds.")

TABLE: Final = (
    NORMAL, UNSUPPORTED, BAD_TEXT, TOO_BIG, FAULT, RESTARTING, SLOW, SILENT,
    SIGNED_OUT, REVOKED, BANNED, TOO_MANY, BAD_FRAMES, NO_SESSION,
)  # fmt: skip


def may_return(code: int) -> bool:
    """Whether a client that saw this close code should connect again by itself."""
    return (code < 4000 and code not in {1003, 1007, 1009}) or 4100 <= code < 4500
