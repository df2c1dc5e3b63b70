"""The events that handlers receive: one class per event, around the protocol's struct.

Each has ``room``, ``reply(text)`` and, if a user caused it, ``author``. A string returned from a handler is sent as a
reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from msgspec import UnsetType

from chatserver.bot.files import Sendable
from chatserver.bot.reading import Missed
from chatserver.bot.room import Room
from chatserver.protocol import events as wire
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import Author, File, InboxItem, Message, Preview, ReadState, RoomState, Topic

if TYPE_CHECKING:
    from chatserver.bot.bot import Bot


@dataclass(slots=True, frozen=True)
class Event:
    """Any event. ``params`` is the protocol's struct."""

    bot: Bot = field(repr=False)
    params: Any

    @property
    def room(self) -> Room:
        return self.bot.room(self.params.room)

    async def reply(self, text: str = "", *, files: Sequence[Sendable] = ()) -> MessageSendResult:
        """Post in the event's room; ``files`` as in ``Bot.send``."""
        return await self.room.send(text, files=files)


@dataclass(slots=True, frozen=True)
class _OfMessage(Event):
    """An event about one message, to which ``reply``, ``react``, ``unreact`` and ``pin`` refer."""

    @property
    def seq(self) -> int:
        return int(self.params.seq)

    async def _topic(self) -> str:
        """The topic that the message is in."""
        topic: str = self.params.topic
        return topic

    async def reply(self, text: str = "", *, files: Sequence[Sendable] = ()) -> MessageSendResult:
        """Reply to this message, in the same room and topic; ``files`` as in ``Bot.send``."""
        return await self.room.send(text, files=files, reply_to=self.seq, topic=await self._topic())

    async def react(self, emoji: str) -> int:
        """React to this message; see ``Room.react``."""
        return await self.room.react(self.seq, emoji)

    async def unreact(self, emoji: str, *, user: str = "") -> int:
        """Remove the bot's reaction to this message; see ``Room.unreact``."""
        return await self.room.unreact(self.seq, emoji, user=user)

    async def pin(self, *, pinned: bool = True) -> int:
        """Pin this message, or take its pin away; see ``Room.pin``."""
        return await self.room.pin(self.seq, pinned=pinned)


@dataclass(slots=True, frozen=True)
class MessagePosted(_OfMessage):
    """A message was posted. Messages that were deleted before the bot got to them are skipped."""

    params: Message

    @property
    def author(self) -> Author:
        return self.params.author

    @property
    def text(self) -> str:
        return self.params.text

    @property
    def files(self) -> list[File]:
        """The files it carries; ``Bot.download`` fetches one."""
        return self.params.attachments

    @property
    def topic(self) -> str:
        """The id of its topic; "" for the main line."""
        return self.params.topic

    @property
    def at(self) -> int:
        """When it was posted, ms since 1970."""
        return self.params.at

    @property
    def mentions_me(self) -> bool:
        """Whether it has the bot's handle behind an @."""
        return self.bot.user.id in self.params.mentions

    @property
    def replies_to_me(self) -> bool:
        """Whether it is a reply to a message of the bot."""
        return self.params.reply_user == self.bot.user.id


@dataclass(slots=True, frozen=True)
class MessageChanged(_OfMessage):
    """A message was edited, moved, pinned or deleted, or got previews; ``params`` is its whole current state."""

    params: wire.MessageChanged

    @property
    def text(self) -> str:
        return self.params.text

    @property
    def previews(self) -> list[Preview]:
        """What the pages that it links to say of themselves; ``Bot.download`` fetches a ``picture``."""
        return self.params.previews


@dataclass(slots=True, frozen=True)
class MessageReacted(_OfMessage):
    """Somebody, also another bot, reacted to a message or took a reaction back; never the bot itself.

    After a ``RoomReset`` reactions that were missed are not handled: ask ``Room.message``."""

    params: wire.MessageReacted

    async def _topic(self) -> str:
        message = await self.room.message(self.seq)
        return message.topic if message else ""

    @property
    def emoji(self) -> str:
        """The emoji; "" if all were removed at once."""
        return "" if isinstance(self.params.emoji, UnsetType) else self.params.emoji

    @property
    def user(self) -> str:
        """The id of the user whose reaction it is; "" if those of all were removed."""
        return "" if isinstance(self.params.user, UnsetType) else self.params.user

    @property
    def added(self) -> bool:
        return self.params.added is True

    @property
    def count(self) -> int:
        """How many have reacted with this emoji now."""
        return 0 if isinstance(self.params.count, UnsetType) else self.params.count

    @property
    def cleared(self) -> bool:
        """Whether a moderator removed all reactions, or all with ``emoji``."""
        return self.params.cleared is True


@dataclass(slots=True, frozen=True)
class MessagesPurged(Event):
    """Many messages were deleted at once, as with a topic."""

    params: wire.MessagesPurged

    def includes(self, seq: int) -> bool:
        """Whether the message with this number is one of them."""
        return any(first <= seq <= last for first, last in self.params.seqs)


@dataclass(slots=True, frozen=True)
class TopicChanged(Event):
    """A topic was made, renamed, closed, pinned or deleted, also by the bot. Received only while connected: after a
    pause ``Room.topics`` says what holds."""

    params: wire.TopicChanged

    @property
    def topic(self) -> Topic:
        """The topic; of a deleted one only ``id``, ``room`` and ``deleted``."""
        return self.params.topic

    async def reply(self, text: str = "", *, files: Sequence[Sendable] = ()) -> MessageSendResult:
        """Post in the topic; ``files`` as in ``Bot.send``."""
        return await self.room.send(text, files=files, topic=self.topic.id)


@dataclass(slots=True, frozen=True)
class ReadMoved(Event):
    """The bot's read marker moved on another connection; ``bot.rooms`` has it already."""

    params: ReadState

    @property
    def topic(self) -> str | None:
        """Whose marker: a topic's, "" the main line's, or None the whole room's."""
        return None if isinstance(self.params.topic, UnsetType) else self.params.topic


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
    """Someone joined. Received only while connected: those who joined meanwhile are in ``room.members()``. In a room of
    more than 500 members only the user concerned receives it: see ``MembersChanged``."""


@dataclass(slots=True, frozen=True)
class MemberLeft(_Member):
    """Someone left, was removed or banned."""


@dataclass(slots=True, frozen=True)
class MemberChanged(_Member):
    """A member's role changed."""


@dataclass(slots=True, frozen=True)
class MembersChanged(Event):
    """People joined or left a room of more than 500 members; received at most once a second."""

    params: wire.MembersChanged

    @property
    def members(self) -> int:
        """The number of members now."""
        return self.params.members


@dataclass(slots=True, frozen=True)
class RoomChanged(Event):
    """The room's title, description or settings changed."""

    params: wire.RoomChanged


@dataclass(slots=True, frozen=True)
class RoomUpdated(Event):
    """The bot joined the room, or something of its own in it changed, such as its role."""

    params: RoomState


@dataclass(slots=True, frozen=True)
class RoomReset(Event):
    """Events could not continue from the cursor. Missed messages were read by pages and handled, except ``missed``."""

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
    """Who is online changed in a room that the bot watches (``bot.call("presence.watch", room=…)``)."""

    params: wire.PresenceChanged


@dataclass(slots=True, frozen=True)
class InboxAdded(Event):
    """The bot's inbox got an item, such as a mention in ``room``."""

    params: InboxItem


@dataclass(slots=True, frozen=True)
class Started:
    """A session started: at the start and after every reconnect. ``rooms`` are the bot's rooms."""

    bot: Bot = field(repr=False)
    rooms: tuple[Room, ...]


KINDS: Final[dict[str, type[Event]]] = {
    "message.posted": MessagePosted,
    "message.changed": MessageChanged,
    "message.reacted": MessageReacted,
    "messages.purged": MessagesPurged,
    "topic.changed": TopicChanged,
    "read.moved": ReadMoved,
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
"""Event classes by wire name. Handlers get room.reset after the pages were read."""
