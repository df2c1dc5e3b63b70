"""Ask a store over its Unix socket whether it is ready: one blocking PING, without a client library."""

from __future__ import annotations

import enum
import socket


class Answer(enum.Enum):
    """The result of a PING."""

    READY = "ready"
    LOADING = "loading"
    NOTHING = "nothing"


def ping(path: str, seconds: float = 1.0) -> Answer:
    """PING the store at this socket. A store that asks for a password is ready, too."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(path)
            connection.sendall(b"PING\r\n")
            answer = connection.recv(100)
    except OSError:
        return Answer.NOTHING
    if answer.startswith((b"+PONG", b"-NOAUTH")):
        return Answer.READY
    return Answer.LOADING if answer.startswith(b"-LOADING") else Answer.NOTHING
