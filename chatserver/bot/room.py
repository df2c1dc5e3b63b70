"""A room from a bot's view: post messages, list members."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import Member, Message, RoomState

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

    async def send(self, text: str, *, reply_to: int = 0, topic: str = "", client_id: str = "") -> MessageSendResult:
        """Post a message; see ``Bot.send``."""
        return await self.bot.send(self.id, text, reply_to=reply_to, topic=topic, client_id=client_id)

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
