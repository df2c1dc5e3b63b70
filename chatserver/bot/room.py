"""A room from a bot's view: post and read messages, keep topics, list members.

``topic`` is always a topic's id, "" the main line, and None, where that is possible, the whole room.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from chatserver.bot.files import Sendable
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.methods.topics import TopicCreateResult
from chatserver.protocol.shapes import Level, Member, Message, ReadState, RoomState, Topic

if TYPE_CHECKING:
    from chatserver.bot.bot import Bot


@dataclass(slots=True, frozen=True)
class Room:
    id: str
    bot: Bot = field(repr=False, compare=False)

    @property
    def state(self) -> RoomState | None:
        """The last known state of the room; None if the bot is not a member."""
        return self.bot.rooms.get(self.id)

    @property
    def title(self) -> str:
        return self.state.title if self.state else ""

    async def send(
        self, text: str = "", *, files: Sequence[Sendable] = (), reply_to: int = 0, topic: str = "", client_id: str = ""
    ) -> MessageSendResult:
        """Post a message; see ``Bot.send``."""
        return await self.bot.send(self.id, text, files=files, reply_to=reply_to, topic=topic, client_id=client_id)

    async def react(self, seq: int, emoji: str) -> int:
        """React to a message; a repeat changes nothing. Returns the change's rev. Raises ``Refusal``."""
        return int((await self.bot.call("message.react", room=self.id, seq=seq, emoji=emoji)).rev)

    async def unreact(self, seq: int, emoji: str, *, user: str = "") -> int:
        """Remove the bot's reaction or, as a moderator, that of the user with this id. Raises ``Refusal``."""
        whose = {"user": user} if user else {}
        return int((await self.bot.call("message.unreact", room=self.id, seq=seq, emoji=emoji, **whose)).rev)

    async def pin(self, seq: int, *, pinned: bool = True) -> int:
        """Pin a message, or take its pin away. Raises ``Refusal`` not_a_moderator, too_many_pins."""
        return int((await self.bot.call("message.pin", room=self.id, seq=seq, pinned=pinned)).rev)

    async def message(self, seq: int) -> Message | None:
        """A message as it is now, with its reactions; None if there is none of that number. Raises ``Refusal``."""
        found: list[Message] = (await self.bot.call("message.get", room=self.id, seqs=[seq])).messages
        return found[0] if found else None

    async def history(
        self, *, topic: str | None = None, before: int = 0, after: int | None = None
    ) -> AsyncIterator[Message]:
        """Messages as they are now, without deleted ones, page by page as far as they are wanted: the newest first,
        from before the number ``before`` if given; with ``after`` the oldest first, from behind it. Raises
        ``Refusal``."""
        where: dict[str, Any] = {"room": self.id, "limit": 100, **({} if topic is None else {"topic": topic})}
        forward = after is not None
        place = {"after": after} if forward else {"before": before} if before else {}
        while True:
            page = await self.bot.call("message.history", **where, **place)
            for message in page.messages if forward else reversed(page.messages):
                if not message.deleted:
                    yield message
            if not page.more or not page.messages:
                return
            place = {"after": page.messages[-1].seq} if forward else {"before": page.messages[0].seq}

    async def mark_read(self, seq: int, *, topic: str | None = None) -> ReadState:
        """Move the bot's read marker: of the whole room, or of one topic alone. Raises ``Refusal``."""
        where = {} if topic is None else {"topic": topic}
        moved: ReadState = await self.bot.call("read.mark", room=self.id, seq=seq, **where)
        self.bot.session.state.read(moved)
        return moved

    # --- topics

    async def create_topic(
        self,
        title: str,
        text: str = "",
        *,
        files: Sequence[Sendable] = (),
        move: Sequence[int] = (),
        client_id: str = "",
    ) -> TopicCreateResult:
        """Start a topic exactly once, with its first message. ``files`` and ``client_id`` as in ``Bot.send``; ``move``:
        numbers of messages to move there, for moderators. Raises ``Refusal``."""
        more: dict[str, Any] = {"title": title, "text": text, **({"from": list(move)} if move else {})}
        return await self.bot.session.sender.create_topic(self.id, files=files, client_id=client_id, **more)

    async def topics(
        self, *, sort: Literal["active", "new"] = "active", mine: bool = False, closed: bool | None = None
    ) -> AsyncIterator[Topic]:
        """The room's topics, pinned ones first, page by page. ``mine``: only those in which the bot wrote. ``closed``:
        only closed ones, or only those that are not. Raises ``Refusal``."""
        which: dict[str, Any] = {"sort": sort, "mine": mine, **({} if closed is None else {"closed": closed})}
        after = ""
        while True:
            page = await self.bot.call("topic.list", room=self.id, after=after, **which)
            for topic in page.topics:
                yield topic
            if not page.next:
                return
            after = page.next

    async def topic(self, id: str) -> Topic | None:
        """A topic as it is now; None if there is none. Raises ``Refusal``."""
        found: list[Topic] = (await self.bot.call("topic.list", room=self.id, topics=[id])).topics
        return found[0] if found else None

    async def update_topic(
        self,
        topic: str,
        *,
        title: str | None = None,
        closed: bool | None = None,
        note: str | None = None,
        pinned: bool | None = None,
    ) -> Topic:
        """Change what is not None, as a moderator; whoever started it may rename it until somebody else has written.
        Raises ``Refusal``."""
        news = {"title": title, "closed": closed, "note": note, "pinned": pinned}
        given = {name: value for name, value in news.items() if value is not None}
        updated: Topic = await self.bot.call("topic.update", room=self.id, topic=topic, **given)
        return updated

    async def delete_topic(self, topic: str) -> None:
        """Delete a topic with its messages, as a moderator, or as who started it until somebody else has written.
        Raises ``Refusal``."""
        await self.bot.call("topic.delete", room=self.id, topic=topic)

    async def notify_topic(self, topic: str, level: Level, *, until: int = 0) -> None:
        """Set what notifies the bot in a topic, and with that what counts as unread; ``until`` in ms since 1970, 0 for
        good. Raises ``Refusal``."""
        await self.bot.call("topic.notify", room=self.id, topic=topic, level=level, until=until)

    async def move(self, seqs: Sequence[int], topic: str = "") -> list[int]:
        """Move messages into a topic or the main line, as a moderator. Returns the rev of each. Raises ``Refusal``."""
        moved = await self.bot.call("message.move", room=self.id, seqs=list(seqs), topic=topic)
        return list(moved.revs)

    # --- members

    async def members(self, query: str = "") -> AsyncIterator[Member]:
        """All members, page by page; with ``query`` those whom it may mean after an @, who wrote last first. Raises
        ``Refusal`` if the bot is not a member."""
        after = ""
        while True:
            page = await self.bot.call("room.members", room=self.id, after=after, query=query)
            for member in page.members:
                yield member
            if not page.next:
                return
            after = page.next
