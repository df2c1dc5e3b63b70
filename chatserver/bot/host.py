"""The host, the community's own bot: it greets newcomers, puts the question of the day, and answers who writes to it.

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

from chatserver.bot.bot import Bot
from chatserver.bot.connection import EndedError
from chatserver.bot.events import MemberJoined, MessagePosted, Started
from chatserver.bot.host_words import WORDS, Words, language_of
from chatserver.errors import Refusal
from chatserver.protocol.shapes import Author

_log = logging.getLogger("chatserver.bot")

DAY_MS: Final = 86_400_000
FIRST_LOOK_MS: Final = 600_000
"""At its very first start the host greets only those who joined within the last ten minutes."""
LOOK_BACK: Final = 100
LOOK_SECONDS: Final = 60.0


class Host:
    """``hall`` is its room, ``language`` the community's. Newcomers within ``gather`` seconds are greeted in one line.
    ``asks`` is the interval (s) of its check for a new question of the day (0: never). Its memory: ``met <user>`` was
    greeted or wrote first, ``answered <user>`` when someone who wrote to it was last answered, ``since`` the time from
    which it greets newcomers, ``asked <room>`` the last question posted there."""

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
        bot.on(MessagePosted)(self.hear)

    # --- newcomers

    async def settle(self, event: Started) -> None:
        """Join the hall, and greet those who joined while the host was away (joins are not replayed) and have not
        written."""
        if self.hall not in self.bot.rooms:
            await self.bot.join(self.hall)
        page = await self.bot.call("message.history", room=self.hall, limit=LOOK_BACK)
        for message in page.messages:
            self.bot.memory.setdefault(f"met {message.author.id}", True)
        since = self.bot.memory.setdefault("since", await self._now() - FIRST_LOOK_MS)
        members = self.bot.room(self.hall).members()
        await self._welcome([member.user async for member in members if member.joined_at > since])
        if self._asks and not self._is_asking:
            self._is_asking = True
            self.bot.spawn(self._ask_daily())

    async def greet(self, joined: Sequence[MemberJoined]) -> None:
        await self._welcome(event.user for event in joined if event.room.id == self.hall)

    async def _welcome(self, users: Iterable[Author]) -> None:
        """Greet all who were not greeted before, in one line at a time."""
        async with self._greeting:
            new = {user.id: user for user in users if not user.bot and user.name and not self._has_met(user)}
            if new:
                await self._say_welcome(new, WORDS[self.language])

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

    # --- who writes

    async def hear(self, event: MessagePosted) -> str | None:
        """Whoever writes in the hall needs no greeting. Whoever writes to the host is told, at most once a day, that
        nobody reads this."""
        author, room = event.author, event.room
        if author.bot:
            return None
        if room.id == self.hall:
            self.bot.memory.setdefault(f"met {author.id}", True)
        if room.state is None or room.state.kind != "direct" or not self._may_answer(event):
            return None
        self._note_answer(event)
        return WORDS[language_of(event.text, self.language)].closing

    def _may_answer(self, event: MessagePosted) -> bool:
        last = self.bot.memory.get(f"answered {event.author.id}")
        return last is None or event.at - last[0] >= DAY_MS or last[1] == event.params.id

    def _note_answer(self, event: MessagePosted) -> None:
        """Saved with the message's id: if the handler runs again, it is the same answer."""
        memory = self.bot.memory
        for key in [key for key in memory if key.startswith("answered ") and event.at - memory[key][0] > DAY_MS]:
            del memory[key]
        memory[f"answered {event.author.id}"] = [event.at, event.params.id]

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
