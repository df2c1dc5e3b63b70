"""A room from a bot's view: post messages, list members."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import Member, RoomState

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

    async def members(self) -> AsyncIterator[Member]:
        """All members, page by page. Raises ``Refusal`` if the bot is not a member."""
        after = ""
        while True:
            page = await self.bot.call("room.members", room=self.id, after=after)
            for member in page.members:
                yield member
            if not page.next:
                return
            after = page.next
