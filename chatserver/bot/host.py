"""The host, the community's own bot: it greets newcomers and answers people who are alone in the hall.

The server runs it by default (``run_host``), over a socket and with a token like any other bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import UNSET

from chatserver.bot.bot import Bot
from chatserver.bot.connection import EndedError
from chatserver.bot.events import MemberJoined, MessagePosted, Started
from chatserver.bot.host_words import WORDS, Words, language_of
from chatserver.errors import Refusal
from chatserver.protocol.shapes import Author

_log = logging.getLogger("chatserver.bot")

DAY_MS: Final = 86_400_000
QUIET_MS: Final = 300_000
"""Somebody who wrote within this time counts as company, even if they are offline."""
FIRST_LOOK_MS: Final = 600_000
"""At its very first start the host greets only those who joined within the last ten minutes."""
HINTS: Final = 3
LOOK_SECONDS: Final = 60.0


class Host:
    """``hall`` is its room, ``language`` the community's. Newcomers within ``gather`` seconds are greeted in one line.
    ``asks`` is the interval (s) of its check for a new question of the day (0: never). Its memory: ``met <user>`` was
    greeted, ``answered <user>`` when someone alone was last answered, ``since`` the time from which it greets
    newcomers, ``asked <room>`` the last question posted there."""

    def __init__(
        self, bot: Bot, *, hall: str = "hall", language: str = "en", gather: float = 2.0, asks: float = 0
    ) -> None:
        self.bot = bot
        self.hall = hall
        self.language = language
        self._greeting = asyncio.Lock()
        self._asks = asks
        self._is_asking = False
        bot.on(Started)(self.settle)
        bot.on(MemberJoined, gather=gather)(self.greet)
        bot.on(MessagePosted)(self.answer)

    # --- newcomers

    async def settle(self, event: Started) -> None:
        """Join the hall, and greet those who joined while the host was away (joins are not replayed)."""
        if self.hall not in self.bot.rooms:
            await self.bot.join(self.hall)
        since = self.bot.memory.setdefault("since", await self._now() - FIRST_LOOK_MS)
        members = self.bot.room(self.hall).members()
        await self._welcome([member.user async for member in members if member.joined_at > since])
        if self._asks and not self._is_asking:
            self._is_asking = True
            self.bot.spawn(self._ask_daily())

    async def greet(self, joined: Sequence[MemberJoined]) -> None:
        await self._welcome(event.user for event in joined if event.room.id == self.hall)

    async def _welcome(self, users: Iterable[Author], language: str = "") -> None:
        """Greet all who were not greeted before, in one line at a time."""
        async with self._greeting:
            new = {user.id: user for user in users if not user.bot and user.name and not self._has_met(user)}
            if new:
                await self._say_welcome(new, WORDS[language or self.language])

    async def _say_welcome(self, new: dict[str, Author], words: Words) -> None:
        """The client_id is derived from the people, so that a host killed before it saved that posts it only once."""
        client_id = "met-" + hashlib.blake2b("\n".join(sorted(new)).encode(), digest_size=16).hexdigest()
        text = words.greeting([user.name for user in new.values()])
        try:
            await self.bot.send(self.hall, text, client_id=client_id)
        except Refusal as refusal:
            if refusal.reason != "client_id_used":  # posted before, in another language
                raise
        for user in new:
            self.bot.memory[f"met {user}"] = True

    def _has_met(self, user: Author) -> bool:
        return f"met {user.id}" in self.bot.memory

    # --- the question of the day

    async def _ask_daily(self) -> None:
        """Post a new question in the host's rooms that want one."""
        stopping = self.bot.session.stopping
        while not stopping.is_set():
            for room, state in list(self.bot.rooms.items()):
                if state.question:
                    try:
                        await self._ask_in(room)
                    except Refusal as refusal:
                        _log.info("host: no question in %s now (%s)", room, refusal.reason)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self._asks)

    async def _ask_in(self, room: str) -> None:
        """The question's id is the client_id, so that a host killed before it saved that posts it only once."""
        question = await self.bot.call("question.get", room=room)
        if self.bot.memory.get(f"asked {room}") == question.id:
            return
        text = WORDS[self.language].question.format(text=question.texts[self.language])
        try:
            await self.bot.send(room, text, client_id=question.id)
        except Refusal as refusal:
            if refusal.reason != "client_id_used":  # posted before, in another language
                raise
        self.bot.memory[f"asked {room}"] = question.id

    # --- company

    async def answer(self, event: MessagePosted) -> str | None:
        """Answer a person who is alone in the hall, at most once a day."""
        if event.room.id != self.hall or not await self._is_needed(event):
            return None
        language = language_of(event.text, self.language)
        await self._welcome([event.author], language)
        self._note_answer(event)
        return WORDS[language].company(event.author.name, await self._rooms(language))

    async def _is_needed(self, event: MessagePosted) -> bool:
        last = self.bot.memory.get(f"answered {event.author.id}")
        if last is not None and event.at - last[0] < DAY_MS and last[1] != event.params.id:
            return False
        return await self._now() - event.at < QUIET_MS and not await self._has_company(event)

    async def _has_company(self, event: MessagePosted) -> bool:
        """Whether another person is in the hall, or wrote there within the last five minutes."""
        page = await self.bot.call("message.history", room=self.hall, before=event.seq, limit=50)
        recent = (message for message in page.messages if message.at > event.at - QUIET_MS)
        if any(not message.author.bot and message.author.id != event.author.id for message in recent):
            return True
        here = await self.bot.call("presence.watch", room=self.hall)
        await self.bot.call("presence.unwatch", room=self.hall)
        if here.users is UNSET:
            return True
        others = [user for user in here.users if user not in {event.author.id, self.bot.user.id}]
        known = await self.bot.call("user.get", users=others) if others else None
        return known is not None and any(not user.bot for user in known.users)

    def _note_answer(self, event: MessagePosted) -> None:
        """Saved with the message's id: if the handler runs again, it is the same answer."""
        memory = self.bot.memory
        for key in [key for key in memory if key.startswith("answered ") and event.at - memory[key][0] > DAY_MS]:
            del memory[key]
        memory[f"answered {event.author.id}"] = [event.at, event.params.id]

    async def _rooms(self, language: str) -> list[str]:
        """Titles of the liveliest other rooms."""
        found = await self.bot.call("room.discover")
        listed = [room for room in found.rooms if room.room != self.hall][:HINTS]
        return [room.titles.get(language, room.title) for room in listed]

    async def _now(self) -> int:
        """The server's time in ms."""
        at: int = (await self.bot.call("session.ping")).at
        return at


async def run_host(
    url: str, token: str, state_path: Path, *, hall: str = "hall", language: str = "en", gather: float = 2.0
) -> None:
    """Run the host until cancelled, or until its token is revoked because another process runs the host.

    ``url`` is this server's, ``state_path`` its state file.
    """
    bot = Bot(url, token, state=state_path)
    Host(bot, hall=hall, language=language, gather=gather, asks=LOOK_SECONDS)
    try:
        await bot.serve()
    except (EndedError, Refusal) as error:
        _log.info("host: ended (%s)", error)
