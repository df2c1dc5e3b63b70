"""Methods: starting a session, and its ping."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chatserver.protocol.methods.base import Method, Nothing, Params
from chatserver.protocol.shapes import (
    Cursor,
    InboxState,
    RoomState,
    ServerInfo,
    Shape,
    User,
)


class SessionStart(Params, frozen=True):
    cursors: Annotated[dict[str, Cursor], Meta(description="what the client has seen, by room")] = field(
        default_factory=dict
    )
    inbox: Annotated[Cursor | None, Meta(description="what the client has seen of the inbox")] = None
    token: Annotated[str, Meta(max_length=200, description="a token, if the client cannot set headers")] = ""


class SessionStartResult(Shape, frozen=True):
    """``user`` is absent for a visitor without a login."""

    rooms: Annotated[list[RoomState], Meta(description="the user's rooms; for a visitor, the window rooms")]
    inbox: Annotated[InboxState, Meta(description="the state of the inbox")]
    server: Annotated[ServerInfo, Meta(description="facts about the server")]
    user: Annotated[User | UnsetType, Meta(description="the signed-in user; absent for a visitor")] = UNSET


class PingResult(Struct, frozen=True):
    at: Annotated[int, Meta(description="the server's clock")]


ROWS: Final = (
    Method(
        "session.start", SessionStart, SessionStartResult,
        "Start receiving events of your rooms, each from its cursor.", who="anyone", connection=True,
    ),
    Method(
        "session.ping", Nothing, PingResult, "Check that the server still answers.", who="anyone", connection=True,
        repeatable=True,
    ),
)  # fmt: skip
