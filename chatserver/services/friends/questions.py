"""The service for the question of the day: a room of its own, which you enter by answering.

So answers are messages, and those who have answered receive the others' as events. Everyone else gets their number,
from three on. The question is posted in every room that wants one, at an hour of the community's day; one that nobody
has answered by then stays, at most a week. After a week its members are removed. The host announces it in its rooms
(``bot/host.py``).
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.live.tail import Place
from chatserver.protocol.methods.friends import QuestionAnswer, QuestionGet
from chatserver.protocol.methods.messages import MessageSend, MessageSendResult
from chatserver.protocol.shapes import Question as Asked
from chatserver.protocol.shapes import RoomState
from chatserver.rules.days import Days
from chatserver.services.caller import Caller
from chatserver.services.friends.icebreakers import Icebreakers
from chatserver.services.messages.messages import Messages
from chatserver.store.rooms.questions import Laid, QuestionStore
from chatserver.store.rooms.rooms import NewRoom, RoomStore

WEEK: Final = 7
NEVER: Final = 24
CLEARED_AT_ONCE: Final = 100
PREFIX: Final = "question-"
FEW: Final = 3
"""Below this many answers their number is not shown, so that nobody is the one who was answered by nobody."""


class Questions:
    """``hour`` is the hour of the community's day at which the next question is posted."""

    def __init__(
        self, hub: Hub, questions: QuestionStore, rooms: RoomStore, messages: Messages, icebreakers: Icebreakers,
        days: Days, *, hour: int, language: str,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._questions = questions
        self._rooms = rooms
        self._messages = messages
        self._icebreakers = icebreakers
        self._days = days
        self._hour = hour
        self._language = language

    def _day(self, now: int) -> int:
        """The day whose question is open now: before the hour, it is the previous day's."""
        today = self._days.number(now)
        return today if self._days.hour(now) >= self._hour else today - 1

    async def lay(self) -> None:
        """Post the question in the rooms that want it and lack it, and empty those of a week ago."""
        if self._hour == NEVER:
            return
        now = now_ms()
        for room in await self._questions.rooms():
            await self._lay(room, now)
        for question in await self._questions.laid_until(self._day(now) - WEEK):
            await self._clear(question, now)

    async def _lay(self, room: str, now: int) -> int:
        """Post the question if the room lacks one for today. Returns the day on which its question was posted."""
        today, held = self._day(now), await self._questions.now(room)
        if held is None or held.until not in {today, today + 1}:  # tomorrow's: the clock or the zone was set back
            day = held.day if held is not None and await self._stays(room, held.day, today) else today
            held = await self._questions.decide(room, held, Laid(day, today))
        await self._create(room, held.day, now)
        return held.day

    async def _stays(self, room: str, day: int, today: int) -> bool:
        """Whether the question of that day is today's, too, because nobody has answered it."""
        return 0 <= today - day < WEEK and not await self._rooms.count(_id(room, day))

    async def _create(self, room: str, day: int, now: int) -> None:
        question = _id(room, day)
        if await self._rooms.exists(question):
            return
        card = self._icebreakers.question_of(day)
        new = NewRoom(
            kind="closed", title=card.texts[self._language], titles=card.texts, tags=["question"], community=True,
            question_of=room,
        )  # fmt: skip
        await self._questions.note(question, day)
        await self._rooms.create(question, new, owner="", now=now)

    async def _clear(self, question: str, now: int) -> None:
        while users := await self._rooms.first_members(question, CLEARED_AT_ONCE):
            for user in users:
                await self._rooms.leave(question, user, now=now)
        await self._questions.forget(question)

    async def get(self, caller: Caller, params: QuestionGet) -> Asked:
        """The question of the day, for users who may read the room."""
        user, now = caller.require_user(), now_ms()
        await self._check_room(caller, params.room)
        day = await self._lay(params.room, now)
        question = _id(params.room, day)
        count = await self._rooms.count(question)
        answers = count if count >= FEW else 0
        answered = user in await self._rooms.inside(question, [user])
        card = self._icebreakers.question_of(day)
        at = await self._rooms.created_at(question)
        return Asked(id=question, room=params.room, at=at, texts=card.texts, answers=answers, answered=answered)

    async def _check_room(self, caller: Caller, room: str) -> None:
        async with self._hub.feeds.open(room) as feed:
            await self._messages.check_readable(caller, feed)
            if not feed.meta.question or feed.meta.archived or self._hour == NEVER:
                raise errors.not_found("question")

    async def answer(self, caller: Caller, params: QuestionAnswer) -> RoomState:
        """Join the question's room by answering. Late answers are possible for a week."""
        user, now = caller.require_user(), now_ms()
        if caller.bot:
            raise errors.not_allowed("Bots cannot answer the question", "bots_do_not_answer")
        await self._check_open(caller, params.question, now)
        text = self._messages.admit(caller, params.question, params.text)
        await self._hub.authors.load([user])
        sent = await self._enter(caller, user, params, text, now)
        async with self._hub.feeds.open(params.question) as feed:
            await feed.receive_up_to(Place(sent.seq, 0))
        state = await self._hub.room_state(params.question, user)
        # Joining marks everything as read, and so does writing; the marker itself may be stored a second later.
        read = max(state.read_seq, sent.seq)
        return msgspec.structs.replace(state, read_seq=read, unread=max(0, state.last_seq - read))

    async def _enter(self, caller: Caller, user: str, params: QuestionAnswer, text: str, now: int) -> MessageSendResult:
        """Join and answer; whose answer is refused all the same goes again."""
        answered = await self._rooms.inside(params.question, [user])
        await self._rooms.join(params.question, user, by=user, admin=True, now=now)
        try:
            await self._hub.enter_now(user)
            return await self._messages.put(caller, MessageSend(params.question, text, params.client_id), text)
        except Refusal as refusal:
            if refusal.kind is not errors.UNAVAILABLE and not answered:
                await self._rooms.leave(params.question, user, now=now)
            raise

    async def _check_open(self, caller: Caller, question: str, now: int) -> None:
        room, _, day = question.removeprefix(PREFIX).rpartition("-")
        today = self._day(now)
        is_question = question.startswith(PREFIX) and day.isdecimal() and today - WEEK < int(day) <= today
        if not is_question or not await self._rooms.exists(question):
            raise errors.not_found("question")
        async with self._hub.feeds.open(room) as feed:
            await self._messages.check_readable(caller, feed)


def _id(room: str, day: int) -> str:
    return f"{PREFIX}{room}-{day}"
