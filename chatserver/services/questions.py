"""The desk for the question of the day: a small room of its own, which one enters by answering.

So answers are messages, and whoever has answered hears the others' live, by the one path. Whoever has not is told how
many there are. After a week it leaves its members' lists.
"""

from __future__ import annotations

from typing import Final

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods import MessageSend, QuestionAnswer, QuestionGet
from chatserver.protocol.shapes import Question as Asked
from chatserver.protocol.shapes import RoomState
from chatserver.rules.days import Days
from chatserver.services.caller import Caller
from chatserver.services.icebreakers import Icebreakers
from chatserver.services.messages import Messages
from chatserver.store import keys
from chatserver.store.rooms import NewRoom, RoomsShelf

WEEK: Final = 7
NEVER: Final = 24


class Questions:
    """``hour`` of the house's day at which the next one is laid; ``rooms`` want one, the hall first."""

    def __init__(
        self, hub: Hub, shelf: RoomsShelf, messages: Messages, icebreakers: Icebreakers, days: Days, *, hour: int,
        rooms: list[str], language: str,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._shelf = shelf
        self._messages = messages
        self._icebreakers = icebreakers
        self._days = days
        self._hour = hour
        self._rooms = rooms
        self._language = language

    def _day(self, now: int) -> int:
        today = self._days.number(now)
        return today if self._days.hour(now) >= self._hour else today - 1

    async def lay(self) -> None:
        """Lay today's question where it does not lie yet, and clear those of a week ago away."""
        now = now_ms()
        if self._hour == NEVER:
            return
        day = self._day(now)
        for room in self._rooms:
            if not await self._shelf.exists(_id(room, day)):
                await self._lay(room, day, now)
                await self._clear(_id(room, day - WEEK), now)

    async def _lay(self, room: str, day: int, now: int) -> None:
        card = self._icebreakers.question_of(day)
        new = NewRoom(kind="closed", title=card.texts[self._language], titles=card.texts, tags=["question"], house=True)
        await self._shelf.create(_id(room, day), new, owner="", now=now)

    async def _clear(self, question: str, now: int) -> None:
        for user in await self._hub.store.command("HKEYS", keys.room(question) + ":members"):
            await self._shelf.leave(question, user.decode(), now=now)

    async def get(self, caller: Caller, params: QuestionGet) -> Asked:
        user, now = caller.require_user(), now_ms()
        if params.room not in self._rooms or self._hour == NEVER:
            raise errors.not_found("question")
        await self.lay()
        day = self._day(now)
        question = _id(params.room, day)
        members = keys.room(question) + ":members"
        answers = await self._hub.store.command("HLEN", members)
        answered = bool(await self._hub.store.command("HEXISTS", members, user))
        card = self._icebreakers.question_of(day)
        at = int(await self._hub.store.command("HGET", keys.room(question), "created_at"))
        return Asked(id=question, room=params.room, at=at, texts=card.texts, answers=answers, answered=answered)

    async def answer(self, caller: Caller, params: QuestionAnswer) -> RoomState:
        """Become a member by answering. Late answers are welcome for a week."""
        user, now = caller.require_user(), now_ms()
        if caller.bot:
            raise errors.not_allowed("The question is for people", "bots_do_not_answer")
        if not self._is_open(params.question, now) or not await self._shelf.exists(params.question):
            raise errors.not_found("question")
        await self._hub.directory.load([user])
        await self._shelf.join(params.question, user, by=user, admin=True, now=now)
        await self._hub.enter_now(user)
        await self._messages.send(caller, MessageSend(params.question, params.text, params.client_id))
        return await self._hub.room_state(params.question, user)

    def _is_open(self, question: str, now: int) -> bool:
        return any(question == _id(room, self._day(now) - ago) for room in self._rooms for ago in range(WEEK))


def _id(room: str, day: int) -> str:
    return f"question-{room}-{day}"
