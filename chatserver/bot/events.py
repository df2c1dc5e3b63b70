"""What handlers are handed: one class per event, around the protocol's own struct.

Each has ``room``, ``reply(text)`` and, where somebody did it, ``author``. Returning a text from a handler is a reply.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chatserver.bot.reading import Missed
from chatserver.bot.room import Room
from chatserver.protocol import events as wire
from chatserver.protocol.methods import MessageSendResult
from chatserver.protocol.shapes import Author, InboxItem, Message, RoomState

if TYPE_CHECKING:
    from chatserver.bot.bot import Bot


@dataclass(slots=True, frozen=True)
class Event:
    """Anything heard. ``params`` is the protocol's struct."""

    bot: Bot = field(repr=False)
    params: Any

    @property
    def room(self) -> Room:
        return self.bot.room(self.params.room)

    async def reply(self, text: str) -> MessageSendResult:
        """Say it in the room where this happened."""
        return await self.room.send(text)


@dataclass(slots=True, frozen=True)
class MessagePosted(Event):
    """Someone said something. A message already deleted when the bot comes to it is not told."""

    params: Message

    @property
    def author(self) -> Author:
        return self.params.author

    @property
    def text(self) -> str:
        return self.params.text

    @property
    def seq(self) -> int:
        return self.params.seq

    @property
    def at(self) -> int:
        """When it was posted, ms since 1970."""
        return self.params.at

    @property
    def mentions_me(self) -> bool:
        return self.bot.user.id in self.params.mentions

    async def reply(self, text: str) -> MessageSendResult:
        """Answer this message: in the same room and topic, and marked as an answer to it."""
        return await self.room.send(text, reply_to=self.params.seq, topic=self.params.topic)


@dataclass(slots=True, frozen=True)
class MessageChanged(Event):
    """A message was edited, deleted, reacted to or pinned; ``params`` is the whole of what now holds."""

    params: wire.MessageChanged

    @property
    def seq(self) -> int:
        return self.params.seq

    @property
    def text(self) -> str:
        return self.params.text

    async def reply(self, text: str) -> MessageSendResult:
        return await self.room.send(text, reply_to=self.params.seq)


@dataclass(slots=True, frozen=True)
class _Member(Event):
    params: wire.MemberEvent

    @property
    def author(self) -> Author:
        return self.params.user

    @property
    def user(self) -> Author:
        return self.params.user


@dataclass(slots=True, frozen=True)
class MemberJoined(_Member):
    """Someone joined. Told only while connected: who joined meanwhile is in ``room.members()``. In a room of more than
    500 members it is told to nobody else: see ``MembersChanged``."""


@dataclass(slots=True, frozen=True)
class MemberLeft(_Member):
    """Someone left, was removed or banned."""


@dataclass(slots=True, frozen=True)
class MemberChanged(_Member):
    """A member's role changed."""


@dataclass(slots=True, frozen=True)
class MembersChanged(Event):
    """People joined or left a room of more than 500 members; told at most once a second."""

    params: wire.MembersChanged

    @property
    def members(self) -> int:
        """How many belong to the room now."""
        return self.params.members


@dataclass(slots=True, frozen=True)
class RoomChanged(Event):
    """The room's words or settings changed: what it says of itself, the same to everyone."""

    params: wire.RoomChanged


@dataclass(slots=True, frozen=True)
class RoomUpdated(Event):
    """The bot is new in the room, or something of its own there changed, such as its role."""

    params: RoomState


@dataclass(slots=True, frozen=True)
class RoomReset(Event):
    """The stream could not be followed on. What was missed has been read by pages and handled, all but ``missed``."""

    params: wire.RoomReset
    missed: Missed | None = None


@dataclass(slots=True, frozen=True)
class TypingStarted(Event):
    """Someone is typing."""

    params: wire.TypingStarted

    @property
    def author(self) -> Author:
        return self.params.user


@dataclass(slots=True, frozen=True)
class PresenceChanged(Event):
    """Who is here changed, in a room the bot watches (``bot.call("presence.watch", room=…)``)."""

    params: wire.PresenceChanged


@dataclass(slots=True, frozen=True)
class InboxAdded(Event):
    """Something came into the bot's own inbox, such as a mention; ``room`` is where."""

    params: InboxItem


@dataclass(slots=True, frozen=True)
class Started:
    """A session began: at the start and after every reconnect. ``rooms`` are those the bot belongs to."""

    bot: Bot = field(repr=False)
    rooms: tuple[Room, ...]


KINDS: Final[dict[str, type[Event]]] = {
    "message.posted": MessagePosted,
    "message.changed": MessageChanged,
    "member.joined": MemberJoined,
    "member.left": MemberLeft,
    "member.changed": MemberChanged,
    "members.changed": MembersChanged,
    "room.changed": RoomChanged,
    "room.updated": RoomUpdated,
    "inbox.added": InboxAdded,
    "typing.started": TypingStarted,
    "presence.changed": PresenceChanged,
}
"""By wire name. room.reset is told after the pages are read; read.moved concerns only people with several screens."""
