"""Every refusal in one table: code, name, HTTP status, and what the client should do next.

A service raises ``Refusal``; the doors turn it into a JSON-RPC error or an HTTP response of the same shape. Codes from
-32700 to -32600 are JSON-RPC 2.0's, the others are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(slots=True, frozen=True)
class ErrorKind:
    """One row of the table. ``advice`` says what the client should do next."""

    code: int
    name: str
    status: int
    advice: str


PARSE: Final = ErrorKind(-32700, "parse", 400, "Send one JSON object (or MessagePack map) per message.")
REQUEST: Final = ErrorKind(-32600, "request", 400, "Send a JSON-RPC 2.0 request: method, params, id. No batches.")
METHOD: Final = ErrorKind(-32601, "method", 404, "Look the method up in /api/openrpc.json.")
PARAMS: Final = ErrorKind(-32602, "params", 400, "Correct the field that data.path names.")
INTERNAL: Final = ErrorKind(-32603, "internal", 500, "Internal error; it was logged. Try again later.")
NOT_SIGNED_IN: Final = ErrorKind(-32001, "not_signed_in", 401, "Sign in, or send a valid token.")
NOT_ALLOWED: Final = ErrorKind(-32002, "not_allowed", 403, "Do not retry: data.reason names the rule.")
NOT_A_MEMBER: Final = ErrorKind(-32003, "not_a_member", 403, "Join the room first.")
NOT_FOUND: Final = ErrorKind(-32004, "not_found", 404, "It does not exist, or you may not see it.")
CONFLICT: Final = ErrorKind(-32005, "conflict", 409, "It conflicts with what is stored: data.reason says with what.")
TOO_LARGE: Final = ErrorKind(-32006, "too_large", 413, "Send less: data.limit is the most allowed.")
RATE_LIMITED: Final = ErrorKind(-32029, "rate_limited", 429, "Wait data.retry_after seconds, then retry.")
UNAVAILABLE: Final = ErrorKind(
    -32050, "unavailable", 503, "It may or may not have been stored: retry with the same client_id."
)

TABLE: Final = (
    PARSE, REQUEST, METHOD, PARAMS, INTERNAL,
    NOT_SIGNED_IN, NOT_ALLOWED, NOT_A_MEMBER, NOT_FOUND, CONFLICT, TOO_LARGE, RATE_LIMITED, UNAVAILABLE,
)  # fmt: skip


class Refusal(Exception):
    """A request was refused, and why.

    ``reason`` is a stable identifier for programs, ``message`` a sentence for people, ``data`` the other members of the
    error's ``data`` object: ``retry_after`` in seconds, ``path`` of a field, ``limit``.
    """

    def __init__(self, kind: ErrorKind, message: str, reason: str = "", **data: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.reason = reason or kind.name
        self.data: dict[str, Any] = {"reason": self.reason, **data}

    @property
    def code(self) -> int:
        return self.kind.code


def not_signed_in() -> Refusal:
    return Refusal(NOT_SIGNED_IN, "Sign in first")


def not_allowed(message: str, reason: str, **data: Any) -> Refusal:
    return Refusal(NOT_ALLOWED, message, reason, **data)


def not_a_member() -> Refusal:
    return Refusal(NOT_A_MEMBER, "You are not a member of this room: join it first")


def not_an_admin() -> Refusal:
    return Refusal(NOT_ALLOWED, "Only an admin of the community may do this", "not_an_admin")


def not_found(what: str = "room") -> Refusal:
    return Refusal(NOT_FOUND, f"No such {what}")


def conflict(message: str, reason: str, **data: Any) -> Refusal:
    return Refusal(CONFLICT, message, reason, **data)


def invalid(path: str, message: str) -> Refusal:
    """An invalid parameter; ``path`` is its dotted path within the params, such as ``cursors.hall.seq``."""
    return Refusal(PARAMS, message, path=path)


def too_large(message: str, limit: int) -> Refusal:
    return Refusal(TOO_LARGE, message, limit=limit)


def rate_limited(retry_after_ms: int) -> Refusal:
    seconds = max(1, retry_after_ms) / 1000
    return Refusal(RATE_LIMITED, "Too many requests: wait, then retry", retry_after=round(seconds, 3))


def unavailable(message: str = "The store cannot be reached. This may or may not have been stored: retry") -> Refusal:
    return Refusal(UNAVAILABLE, message)


class StartError(Exception):
    """The server cannot start. The message is for the operator and says what to do."""
