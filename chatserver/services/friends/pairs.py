"""Builds the ``TieState`` of two people for one of them, for the services between two people.

``rules.friends.ladder`` decides what may be seen; this adds names, cards and lines. ``rooms`` has the memberships, to
find the room for the next step.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import UNSET, UnsetType

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
from chatserver.rules.friends.ladder import Poke
from chatserver.services.friends.icebreakers import Icebreakers
from chatserver.store.friends.ties import Read, TieStore
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.records import seen_by
from chatserver.store.rooms.rooms import RoomStore

LINES: Final = 3
LOOK_BACK: Final = 200


class Pairs:
    """Builds views of ties; ``icebreakers`` has the texts of the cards."""

    def __init__(self, hub: Hub, log: LogReader, ties: TieStore, rooms: RoomStore, icebreakers: Icebreakers) -> None:
        self._hub = hub
        self._log = log
        self._ties = ties
        self._rooms = rooms
        self._icebreakers = icebreakers

    async def state(self, viewer: str, read: Read, now: int, *, step: bool = True) -> TieState:
        """The tie as the viewer may see it; without ``step``, no room for poking a stranger is looked for."""
        tie, other, numbers = read.tie, read.tie.other(viewer), self._ties.numbers
        mine, rung = tie.side(viewer), ladder.seen_rung(tie, viewer, now, numbers)
        known = tie.relation != "stranger" and not mine.blocks
        faces = await self._hub.authors.authors([other])
        sent, received = self.sent(viewer, read, now), await self.received(viewer, read, now)
        curtain = self._curtain(viewer, read, now)
        next_step, next_room = self._next(viewer, read, sent, received, curtain)
        if next_step == "poke" and step:
            next_step, next_room = await self._way_to(viewer, other, now)
        return TieState(
            user=faces[other], rung=rung, next=next_step, next_room=next_room, tie=read.room,
            room=read.room if known and read.epoch else "", since=tie.opened_at if known else 0,
            met_at=tie.met_at if known else 0, origin=self._origin(read) if known else UNSET, note=mine.note,
            rests=tie.rests and known, keeps=mine.keeps, blocked=mine.blocks, card=_card(read, viewer),
            hides_seen=not mine.shows_seen, seen_seq=await self._seen(viewer, read), sent=sent or UNSET,
            received=received or UNSET, curtain=curtain or UNSET,
        )  # fmt: skip

    def _origin(self, read: Read) -> TieOrigin | UnsetType:
        origin = read.tie.origin
        if origin is None:
            return UNSET
        texts = self._icebreakers.texts(origin.card)
        return TieOrigin(how=origin.how, at=origin.at, room=origin.room, seq=origin.seq, texts=texts)

    async def _seen(self, viewer: str, read: Read) -> int:
        if not ladder.sees_seen(read.tie, viewer):
            return 0
        return (await self._hub.pointer(read.tie.other(viewer), read.room)).read_seq

    # --- pokes -------------------------------------------------------------------------------------------------------

    def sent(self, viewer: str, read: Read, now: int) -> PokeSent | None:
        poke = ladder.seen_poke(read.tie, viewer, now, self._ties.numbers)
        if poke is None or poke.by != viewer:
            return None
        waits = ladder.open_poke(read.tie, now, self._ties.numbers) is not None
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
            poke=poke.id, user=faces[poke.by], room=poke.room, gesture=poke.gesture, at=poke.at,
            ends_at=poke.at + self._ties.numbers.fade_ms, lines=await self._lines(viewer, poke), card=poke.card,
            texts=self._icebreakers.texts(poke.card), seq=poke.seq,
        )  # fmt: skip

    async def _lines(self, viewer: str, poke: Poke) -> list[Message]:
        """The sender's last three lines in the room, if the receiver can read it."""
        try:
            async with self._hub.feeds.open(poke.room) as feed:
                if feed.meta.kind != "open" and await self._hub.feeds.member(feed, viewer) is None:
                    return []
                page = await self._log.read(poke.room, first=-LOOK_BACK, last=-1)
        except Refusal:
            return []
        author = (await self._hub.authors.authors([poke.by]))[poke.by]
        said = [seen_by(viewer, poke.room, posted, author) for posted in page.messages if posted.user == poke.by]
        return [message for message in said if not message.deleted][-LINES:]

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
