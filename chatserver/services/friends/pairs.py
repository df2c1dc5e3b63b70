"""Builds the ``TieState`` of two people for one of them, for the services between two people.

``rules.friends.ladder`` decides what may be seen; this adds names, cards and lines. ``rooms`` has the memberships, to
find the room for the next step.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chatserver.errors import Refusal
from chatserver.live.hub import Hub
from chatserver.protocol.shapes import (
    CurtainState,
    Message,
    NextStep,
    PokeReceived,
    PokeSent,
    TieOrigin,
    TieState,
)
from chatserver.rules.friends import ladder
from chatserver.rules.friends.tie import Poke
from chatserver.services.friends.icebreakers import Icebreakers
from chatserver.store.friends.inbox import InboxStore
from chatserver.store.friends.ties import Read, TieStore
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.records import seen_by
from chatserver.store.rooms.records import RoomMeta
from chatserver.store.rooms.rooms import RoomStore

LINES: Final = 3
LOOK_BACK: Final = 200
SAID_BEFORE_MS: Final = 600_000
FIRST_LINES: Final = 2


class Pairs:
    """Builds views of ties; ``icebreakers`` has the texts of the cards."""

    def __init__(
        self, hub: Hub, log: LogReader, ties: TieStore, inbox: InboxStore, rooms: RoomStore, icebreakers: Icebreakers
    ) -> None:
        self._hub = hub
        self._log = log
        self._ties = ties
        self._inbox = inbox
        self._rooms = rooms
        self._icebreakers = icebreakers

    async def state(
        self, viewer: str, read: Read, now: int, *, listed: bool = False, beginning: bool = False,
        waiting: Set[str] | None = None,
    ) -> TieState:  # fmt: skip
        """The tie as the viewer may see it. In a list, no room for poking a stranger is looked for; ``beginning`` adds
        the messages with which it began. ``waiting`` are the pokes that the viewer sees on a later day, if known."""
        read = await self._as_shown(viewer, read, now, waiting)
        tie, other, numbers = read.tie, read.tie.other(viewer), self._ties.numbers
        mine, rung = tie.side(viewer), ladder.seen_rung(tie, viewer, now, numbers)
        known = tie.relation != "stranger" and not mine.blocks
        faces = await self._hub.authors.authors([other])
        sent, received = self.sent(viewer, read, now), await self.received(viewer, read, now)
        curtain = self._curtain(viewer, read, now)
        next_step, next_room = self._next(viewer, read, sent, received, curtain)
        if next_step == "poke" and not listed:
            next_step, next_room = await self._way_to(viewer, other, now)
        asked = known and not faces[other].bot and ladder.is_asked(tie, read.days, numbers)
        return TieState(
            user=faces[other], rung=rung, next=next_step, next_room=next_room, tie=read.room,
            room=read.room if known and read.epoch else "", since=tie.opened_at if known else 0,
            met_at=tie.met_at if known else 0,
            origin=await self._origin(viewer, read, beginning=beginning) if known else UNSET, note=mine.note,
            rests=tie.rests and known, paused=mine.rests and known,
            days=self._days(read, known=known and not faces[other].bot), asked=asked,
            wants=mine.wants if known else "", invited=ladder.seen_invited(tie, viewer, now, numbers) is not None,
            blocked=mine.blocks, card=_card(read, viewer), shows_seen=mine.shows_seen,
            seen_seq=await self._seen(viewer, read), sent=sent or UNSET, received=received or UNSET,
            curtain=curtain or UNSET,
        )  # fmt: skip

    async def waiting(self, viewer: str, now: int) -> set[str]:
        """The pokes that the viewer sees on a later day."""
        return await self._inbox.waiting(viewer, now)

    async def _as_shown(self, viewer: str, read: Read, now: int, waiting: Set[str] | None) -> Read:
        """The tie without a poke whose day has not come for the viewer."""
        poke = ladder.seen_poke(read.tie, viewer, now, self._ties.numbers)
        if poke is None or poke.by == viewer:
            return read
        if poke.id not in (waiting if waiting is not None else await self.waiting(viewer, now)):
            return read
        return replace(read, tie=replace(read.tie, poke=replace(poke, hidden=True)))

    def _days(self, read: Read, *, known: bool) -> int:
        if not known or read.tie.relation != "acquainted":
            return 0
        return min(self._ties.numbers.friend_days, len(ladder.days_written(read.tie, read.days)))

    async def _origin(self, viewer: str, read: Read, *, beginning: bool) -> TieOrigin | UnsetType:
        origin = read.tie.origin
        if origin is None:
            return UNSET
        began = TieOrigin(
            how=origin.how, at=origin.at, room=origin.room, seq=origin.seq, texts=self._icebreakers.texts(origin.card)
        )
        if not beginning:
            return began
        meta = await self._readable(viewer, origin.room) if origin.room else None
        if meta is not None:
            began = replace(began, title=meta.title, titles=meta.titles)
        message = await self._message(viewer, origin.room, origin.seq) if origin.seq else None
        answers = await self._messages(viewer, read.room, 1, FIRST_LINES) if origin.card and read.epoch else []
        return replace(began, message=message or UNSET, answers=answers)

    async def _seen(self, viewer: str, read: Read) -> int:
        if not ladder.sees_seen(read.tie, viewer):
            return 0
        return (await self._hub.pointer(read.tie.other(viewer), read.room)).read_seq

    # --- pokes -------------------------------------------------------------------------------------------------------

    def sent(self, viewer: str, read: Read, now: int) -> PokeSent | None:
        poke = ladder.seen_poke(read.tie, viewer, now, self._ties.numbers)
        if poke is None or poke.by != viewer:
            return None
        waits = ladder.waits(poke, now, self._ties.numbers)
        return PokeSent(
            poke=poke.id, to=read.tie.other(viewer), room=poke.room, gesture=poke.gesture, at=poke.at,
            state="sent" if waits else "faded", seq=poke.seq,
        )  # fmt: skip

    async def received(self, viewer: str, read: Read, now: int) -> PokeReceived | None:
        poke = ladder.seen_poke(read.tie, viewer, now, self._ties.numbers)
        if poke is None or poke.by == viewer:
            return None
        faces = await self._hub.authors.authors([poke.by])
        return PokeReceived(
            poke=poke.id, user=replace(faces[poke.by], avatar=""), room=poke.room, gesture=poke.gesture, at=poke.at,
            ends_at=ladder.ends_at(poke, self._ties.numbers), lines=await self._lines(viewer, poke), card=poke.card,
            texts=self._icebreakers.texts(poke.card), seq=poke.seq,
            message=(await self._message(viewer, poke.room, poke.seq) if poke.seq else None) or UNSET,
        )  # fmt: skip

    async def _lines(self, viewer: str, poke: Poke) -> list[Message]:
        """The sender's last three lines in the room, if the receiver can read it: none that could have been written, or
        edited, for this one person."""
        said = await self._messages(viewer, poke.room, -LOOK_BACK, poke.last or -1)
        before = poke.at - SAID_BEFORE_MS
        own = [message for message in said if message.author.id == poke.by]
        lines = [message for message in own if message.at <= before and not message.edited_at][-LINES:]
        return [replace(line, author=replace(line.author, avatar="")) for line in lines]

    async def _message(self, viewer: str, room: str, seq: int) -> Message | None:
        return next(iter(await self._messages(viewer, room, seq, seq)), None)

    async def _messages(self, viewer: str, room: str, first: int, last: int) -> list[Message]:
        """Messages of a room as they are now, without deleted ones; none if the viewer cannot read the room."""
        try:
            if await self._readable(viewer, room) is None:
                return []
            page = await self._log.read(room, first=first, last=last)
        except Refusal:
            return []
        authors = await self._hub.authors.authors(posted.user for posted in page.messages)
        seen = (
            seen_by(viewer, room, posted, authors[posted.user], page.reactions.get(posted.seq))
            for posted in page.messages
        )
        return [message for message in seen if not message.deleted]

    async def _readable(self, viewer: str, room: str) -> RoomMeta | None:
        """What the room says of itself, if the viewer may read it."""
        try:
            async with self._hub.feeds.open(room) as feed:
                outside = feed.meta.kind != "open" and await self._hub.feeds.member(feed, viewer) is None
                return None if outside else feed.meta
        except Refusal:
            return None

    # --- the curtain -------------------------------------------------------------------------------------------------

    def _curtain(self, viewer: str, read: Read, now: int) -> CurtainState | None:
        curtain = ladder.seen_curtain(read.tie, viewer, now, self._ties.numbers)
        if curtain is None:
            return None
        mine, theirs = read.tie.side(viewer), read.tie.side(read.tie.other(viewer))
        return CurtainState(
            tie=read.room, room=curtain.room, card=curtain.card, texts=self._icebreakers.texts(curtain.card),
            ends_at=curtain.at + self._ties.numbers.fade_ms, answered=bool(mine.answer),
            other_answered=bool(theirs.answer), may_draw=not mine.drew and not mine.answer, draft=mine.draft,
            rehearsal=curtain.rehearsal,
        )  # fmt: skip

    # --- the next step -----------------------------------------------------------------------------------------------

    def _next(
        self, viewer: str, read: Read, sent: PokeSent | None, received: PokeReceived | None,
        curtain: CurtainState | None,
    ) -> tuple[NextStep, str]:  # fmt: skip
        if read.tie.side(viewer).blocks:
            return "unblock", ""
        if received is not None:
            return "return", received.room
        if curtain is not None:
            return ("wait" if curtain.answered else "answer"), curtain.room
        if sent is not None:
            return "sent", sent.room
        if read.tie.relation != "stranger":
            return ("rests" if read.tie.rests else "talk"), read.room
        return "poke", ""

    async def _way_to(self, viewer: str, other: str, now: int) -> tuple[NextStep, str]:
        """A room from which to poke, or one in which to write something first."""
        mine, theirs = await self._rooms.rooms_of(viewer), await self._rooms.rooms_of(other)
        shared = sorted(room for room in mine.keys() & theirs.keys())
        for room in shared:
            spoken = await self.spoken(room, viewer, other, now=now)
            if len(spoken) == 2 and await self._rooms.takes_pokes(room):
                return "poke", room
        return "say_something", shared[0] if shared else ""

    async def spoken(self, room: str, *users: str, now: int) -> set[str]:
        """Those of these users who have written in the room lately."""
        since = now - self._ties.numbers.spoken_ms
        return {user for user, at in (await self._rooms.last_spoke(room, users)).items() if at >= since}


def _card(read: Read, viewer: str) -> Literal["", "offered", "open", "asked"]:
    if ladder.opens_card(read.tie):
        return "open"
    if read.tie.relation != "friend" or read.tie.side(viewer).blocks:
        return ""
    if read.tie.side(viewer).offers_card:
        return "offered"
    other = read.tie.side(read.tie.other(viewer))
    return "asked" if other.offers_card and not other.blocks else ""
