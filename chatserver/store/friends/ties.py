"""The store of ties: what two users are to each other, under the tag of their direct room.

``rules.friends.ladder`` decides a step on the tie as read; one Lua function writes it if the tie has not changed since,
otherwise it is read and decided again. So the rules are in one place, in Python, and a step is as atomic as in Lua.
What follows on other tags (a place for a poke, each user's list, inboxes) is part of the same intent.

The room's id is a keyed hash of the pair, so nobody can find out whether two people talk.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatserver import errors, ids
from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.protocol.shapes import SayHiFrom
from chatserver.rules.friends import ladder
from chatserver.rules.friends.tie import DAY_MS, Line, Numbers, Origin, Poke, Step, Tie, Told, between
from chatserver.store.community.secret import Secret
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents
from chatserver.store.engine.intents import Step as Intended
from chatserver.store.engine.store import Store, status
from chatserver.store.friends.inbox import InboxStore, Item
from chatserver.store.messages.records import Record, pack_record

_pack = msgspec.msgpack.Encoder().encode
_unpack_tie = msgspec.msgpack.Decoder(Tie).decode
Days = dict[str, list[int]]
ANSWERED_KEPT: Final = 1_000


class Read(msgspec.Struct, frozen=True):
    """A tie as read. ``room`` is the pair's id, whether the room exists or not; ``epoch`` is "" until it exists."""

    room: str
    tie: Tie
    version: int
    days: Days
    epoch: str
    seq: int


class Outcome(msgspec.Struct, frozen=True):
    """The result of a step, stored for a day so that a repeat continues with the same. ``frees`` is the user whose
    place for ``poke`` is released."""

    told: list[Told]
    frees: str = ""
    poke: str = ""


_unpack_outcome = msgspec.msgpack.Decoder(Outcome).decode
Rule = Callable[[Read, str, int, Numbers, dict[str, Any]], Step]


RULES: Final[dict[str, Rule]] = {
    "poke": lambda read, by, now, numbers, given: ladder.poke(
        read.tie,
        msgspec.convert(given["poke"], Poke),
        now,
        numbers,
        card=given["card"],
        rehearsal=given.get("rehearsal", False),
    ),
    "return": lambda read, by, now, numbers, given: ladder.return_poke(
        read.tie, by, given["poke"], now, numbers, card=given["card"]
    ),
    "withdraw": lambda read, by, now, numbers, given: ladder.withdraw(read.tie, by, given["poke"], now, numbers),
    "dismiss": lambda read, by, now, numbers, given: ladder.dismiss(read.tie, by, given["poke"], now, numbers),
    "answer": lambda read, by, now, numbers, given: ladder.answer(
        read.tie, by, given["card"], given["text"], now, numbers
    ),
    "draw": lambda read, by, now, numbers, given: ladder.draw(read.tie, by, given["card"], now, numbers),
    "befriend": lambda read, by, now, numbers, given: ladder.befriend(read.tie, read.days, now) or Step(read.tie),
    "begin": lambda read, by, now, numbers, given: ladder.begin(
        read.tie, msgspec.convert(given["origin"], Origin), now
    ),
    "accept": lambda read, by, now, numbers, given: ladder.accept(read.tie, by, given["room"], now, numbers),
    "confirm_invited": lambda read, by, now, numbers, given: ladder.confirm_invited(
        read.tie, by, now, numbers, yes=given["yes"]
    ),
    "want": lambda read, by, now, numbers, given: ladder.want(
        read.tie, by, read.days, given["today"], numbers, yes=given["yes"]
    ),
    "step_back": lambda read, by, now, numbers, given: ladder.step_back(read.tie, by, given["today"]),
    "rest": lambda read, by, now, numbers, given: ladder.rest(read.tie, by, on=given["on"]),
    "note": lambda read, by, now, numbers, given: ladder.note(read.tie, by, given["text"]),
    "show_seen": lambda read, by, now, numbers, given: ladder.show_seen(read.tie, by, on=given["on"]),
    "offer_card": lambda read, by, now, numbers, given: ladder.offer_card(read.tie, by),
    "take_card_back": lambda read, by, now, numbers, given: ladder.take_card_back(read.tie, by),
    "meet": lambda read, by, now, numbers, given: ladder.meet(read.tie, by, given["until"]),
    "confirm": lambda read, by, now, numbers, given: ladder.confirm_meeting(read.tie, by, now),
    "leave": lambda read, by, now, numbers, given: ladder.leave(read.tie, by, now, numbers),
    "block": lambda read, by, now, numbers, given: ladder.block(read.tie, by, now, on=given["on"]),
}
"""The kinds of ``TieStore.step``."""


class TieStep(Intended, frozen=True):
    """A step of ``RULES``, named ``what``; ``given`` is what its rule takes."""

    kind = "tie.step"
    what: str
    by: str
    other: str
    now: int
    epoch: str
    given: dict[str, Any]
    bots: tuple[str, ...] = ()


class BlockStep(TieStep, frozen=True):
    """Blocking, which also works while the store's memory is full."""

    kind = "tie.block"


class TieStore:
    """Reads ties and takes steps. ``step`` raises the ``Refusal`` of its rule and may be repeated. ``secret`` is the
    key of the rooms' ids."""

    def __init__(self, store: Store, intents: Intents, inbox: InboxStore, *, secret: Secret, numbers: Numbers) -> None:
        self._store = store
        self._intents = intents
        self._inbox = inbox
        self._secret = secret
        self.numbers = numbers
        intents.register(TieStep, self.parts)
        intents.register(BlockStep, self.parts, frees=True)

    def room_of(self, one: str, other: str) -> str:
        pair = f"{min(one, other)} {max(one, other)}".encode()
        return hashlib.blake2b(pair, key=self._secret.value, digest_size=12).hexdigest()

    # --- reading -----------------------------------------------------------------------------------------------------

    async def read(self, one: str, other: str) -> Read:
        tie = between(one, other)
        return await self._read(self.room_of(one, other), tie)

    async def _read(self, room: str, fresh: Tie) -> Read:
        answer = await self._store.call("tie_read", keys.room(room), fresh.a, fresh.b)
        _, version, packed, days_a, days_b, epoch, seq = answer
        tie = _unpack_tie(packed) if packed else fresh
        days = {fresh.a: _days(days_a), fresh.b: _days(days_b)}
        return Read(room, tie, version, days, epoch.decode(), seq)

    async def find(self, room: str, user: str) -> Tie:
        """The tie with this room id, if the user is one of the two. Raises ``Refusal`` not_found."""
        packed = await self._store.command(keys.room(room), "HGET", keys.room(room) + ":tie", "tie")
        tie = _unpack_tie(packed) if packed else None
        if tie is None or user not in {tie.a, tie.b}:
            raise errors.not_found("tie")
        return tie

    async def known(self, user: str) -> list[str]:
        """The other users of all the user's ties."""
        return [
            other.decode() for other in await self._store.command(keys.user(user), "HKEYS", keys.user(user) + ":ties")
        ]

    async def read_all(self, user: str) -> list[Read]:
        """All ties of the user."""
        return await asyncio.gather(*(self.read(user, other) for other in await self.known(user)))

    async def blocked(self, user: str) -> list[str]:
        return sorted(
            other.decode() for other in await self._store.command(keys.user(user), "HKEYS", keys.user(user) + ":blocks")
        )

    async def has_blocked(self, user: str, other: str) -> bool:
        return bool(await self._store.command(keys.user(user), "HEXISTS", keys.user(user) + ":blocks", other))

    # --- who may say hi ----------------------------------------------------------------------------------------------

    async def pokes_from(self, user: str) -> SayHiFrom:
        """Whom the user lets say hi."""
        held: bytes | None = await self._store.command(keys.user(user), "HGET", keys.user(user), "pokes_from")
        return _say_hi_from(held)

    async def let_pokes_from(self, user: str, sender: SayHiFrom) -> None:
        await self._store.command(keys.user(user), "HSET", keys.user(user), "pokes_from", sender)

    async def note_answered(self, user: str, other: str, now: int) -> None:
        """Remember that the user answered or reacted to a message of ``other``. The latest 1,000 people are kept."""
        await self._store.call("answered_note", keys.user(user), other, now, ANSWERED_KEPT)

    async def hides_poke(self, user: str, by: str) -> bool:
        """Whether the user does not see a poke by ``by``. Asks the same of the store whatever the answer is, so that
        the time it takes does not tell."""
        tag = keys.user(user)
        held, answered, blocks = await asyncio.gather(
            self._store.command(tag, "HGET", tag, "pokes_from"),
            self._store.command(tag, "ZSCORE", tag + ":answered", by),
            self._store.command(tag, "HEXISTS", tag + ":blocks", by),
        )
        sender = _say_hi_from(held)
        return bool(blocks) or sender == "nobody" or (sender == "answered" and answered is None)

    async def open_places(self, user: str, now: int) -> list[str]:
        """The pairs for which the user has an open poke."""
        held = await self._store.command(keys.user(user), "HGETALL", keys.user(user) + ":pokes")
        items = held.items() if isinstance(held, dict) else zip(held[::2], held[1::2], strict=True)
        return [pair.decode() for pair, place in items if int(place.split()[0]) > now]

    # --- steps -------------------------------------------------------------------------------------------------------

    async def step(self, kind: str, by: str, other: str, *, now: int, **given: Any) -> Read:
        """Take a step of ``RULES``; returns the tie afterwards."""
        bots = given.pop("bots", [])
        step = (BlockStep if kind == "block" else TieStep)(
            what=kind, by=by, other=other, now=now, given=given, bots=tuple(bots), epoch=ids.random_bytes(4).hex()
        )
        await self._intents.carry_out(step)
        return await self.read(by, other)

    async def parts(self, intent: Intent[TieStep]) -> None:
        """All parts of a step: reserve a place, write the tie, update both users, release a place, notify. A hidden
        notification takes the same calls, so that nobody can tell it by the time."""
        step = intent.step
        kind, by, other, now, given = step.what, step.by, step.other, step.now, step.given
        poke = given.get("poke") if kind == "poke" and not given.get("rehearsal") else None
        if poke is not None:
            await self._reserve(by, other, poke["id"], now, given.get("places", self.numbers.places))
        try:
            outcome = await self._write(intent)
        except Refusal as refusal:
            if poke is not None and refusal.kind is not UNAVAILABLE:
                await self._free(by, other, poke["id"], 0)
            raise
        await self._point(by, other)
        if kind == "withdraw":
            await self._free(by, other, given["poke"], given["until"])
        if outcome.frees:
            await self._free(outcome.frees, other if outcome.frees == by else by, outcome.poke, 0)
        if poke is not None and outcome.frees:
            await self._free(by, other, poke["id"], 0)
        for told in outcome.told:
            await self._tell(intent, told)

    async def _reserve(self, by: str, other: str, poke: str, now: int, places: int) -> None:
        numbers, pair = self.numbers, self.room_of(by, other)
        answer = await self._store.call("poke_place", keys.user(by), now, pair, poke, now + numbers.fade_ms, places)
        if status(answer) == "no_place":
            wait = -(-(answer[1] - now) // 1000)
            count = f"{places} open pokes" if places > 1 else "an open poke"
            raise errors.not_allowed(f"You have {count}: wait for an answer", "no_place", retry_after=wait)

    async def _free(self, by: str, other: str, poke: str, until: int) -> None:
        await self._store.call("poke_free", keys.user(by), self.room_of(by, other), poke, until)

    async def _write(self, intent: Intent[TieStep]) -> Outcome:
        """Decide and write; repeat if the tie changed in between."""
        asked = intent.step
        by, other, now = asked.by, asked.other, asked.now
        before = await self._store.command(
            keys.room(self.room_of(by, other)), "HGET", keys.room(self.room_of(by, other)) + ":steps", intent.id
        )
        if before is not None:
            return _unpack_outcome(before)
        while True:
            read = await self.read(by, other)
            step = RULES[asked.what](read, by, now, self.numbers, asked.given)
            outcome = Outcome(list(step.told), step.frees, read.tie.poke.id if read.tie.poke is not None else "")
            if step.tie == read.tie:
                return outcome
            called = await self._handles(step) if step.opens else ("", "")
            words = _words(intent, read, step, outcome, called)
            answer = await self._store.call("tie_write", keys.room(read.room), *words)
            if status(answer) == "ok":
                return _unpack_outcome(answer[2])

    async def _handles(self, step: Step) -> tuple[str, str]:
        """The handles of the two, for mentions in their room."""
        asked = (
            self._store.command(keys.user(user), "HGET", keys.user(user), "handle") for user in (step.tie.a, step.tie.b)
        )
        one, other = ((handle or b"").decode() for handle in await asyncio.gather(*asked))
        return one, other

    async def _point(self, one: str, other: str) -> None:
        """Update what each of the two holds of the tie."""
        read = await self.read(one, other)
        for user in (one, other):
            mine, theirs = read.tie.side(user), read.tie.side(read.tie.other(user))
            inside = -1 if not read.epoch else int(not mine.blocks)
            marker = 0 if read.seq <= 2 else read.seq
            await self._store.call(
                "tie_know", keys.user(user), read.tie.other(user), read.version, read.room, inside, marker, read.epoch,
                int(mine.blocks), int(theirs.blocks),
            )  # fmt: skip

    async def invited(self, user: str, by: str, room: str, intent: str, now: int) -> None:
        """Make a user who signed up by a personal invitation acquainted with the inviter; a part of signing up."""
        given = {"origin": {"how": "invitation", "at": now, "room": room}}
        step = TieStep(what="begin", by=user, other=by, now=now, given=given, epoch=_epoch_of(intent))
        await self.parts(Intent(intent, step))
        await self._inbox.add(by, f"{intent} came", Item("opened", user, self.room_of(user, by)), now=now)

    async def accepted(self, user: str, by: str, room: str, intent: str, now: int) -> None:
        """Note that a user who has an account accepted an invitation; a part of accepting it."""
        step = TieStep(what="accept", by=user, other=by, now=now, given={"room": room}, epoch=_epoch_of(intent))
        await self.parts(Intent(intent, step))

    async def leave_all(self, user: str, intent: str, now: int) -> None:
        """Take out of all ties of a closed account what waits there, and the user's notes; a part of closing it."""
        for other in await self.known(user):
            step = TieStep(what="leave", by=user, other=other, now=now, given={}, epoch="")
            await self.parts(Intent(f"{intent} {other}", step))

    async def tell_invited(self, user: str, by: str, room: str, *, now: int) -> None:
        """Put an invitation into a room, by a friend, into the user's inbox."""
        await self._inbox.add(user, f"invited {by} {room}", Item("invitation", by, room), now=now)

    async def _tell(self, intent: Intent[TieStep], told: Told) -> None:
        step = intent.step
        about, now, hidden = step.by if told.user == step.other else step.other, step.now + told.ahead, told.hidden
        if told.news == "gone":
            await self._inbox.gone(told.user, told.id, hidden=hidden)
            return
        item = Item(told.news, about, self.room_of(told.user, about), about=told.id, until=told.until)
        name = f"{intent.id} {told.news}"
        if told.news == "poke":
            today = step.given.get("today", now // DAY_MS), step.given.get("midnight", now - now % DAY_MS + DAY_MS)
            ends_at = now + max(self.numbers.fade_ms, self.numbers.return_ms)
            await self._inbox.add_poke(
                told.user, name, item, now=now, ends_at=ends_at, today=today,
                most=self.numbers.shown_a_day, hidden=hidden,
            )  # fmt: skip
            return
        if told.until:  # one who meets is told twice: that there is something to confirm, and that both did
            name += " asked"
        await self._inbox.add(told.user, name, item, now=now, hidden=hidden)


def _epoch_of(intent: str) -> str:
    """The name of the numbering in the room that the intent may open, the same in every repeat."""
    return hashlib.blake2b(intent.encode(), digest_size=4).hexdigest()


def _say_hi_from(held: bytes | None) -> SayHiFrom:
    return "nobody" if held == b"nobody" else "answered" if held == b"answered" else "room"


def is_friend(read: Read, user: str) -> bool:
    """Whether the two are friends, as the user sees it: a user who is blocked does not see that."""
    return read.tie.relation == "friend" and not read.tie.side(user).blocks


def is_known(read: Read, user: str, now: int, numbers: Numbers) -> bool:
    """Whether the user knows of this tie: there is something between the two that they see, or a note of their own. A
    block by the other makes a tie of which the user knows nothing."""
    return ladder.seen_rung(read.tie, user, now, numbers) != "stranger" or bool(read.tie.side(user).note)


def _days(packed: bytes) -> list[int]:
    return [int(day) for day in packed.split()]


def _words(
    intent: Intent[TieStep], read: Read, step: Step, outcome: Outcome, called: tuple[str, str]
) -> list[str | bytes | int]:
    tie, now, bots = step.tie, intent.step.now, intent.step.bots
    meta = _meta(intent.step.epoch, now) if step.opens else []
    lines: list[str | bytes] = []
    for number, line in enumerate(step.lines):
        id = hashlib.blake2b(f"{intent.id} {number}".encode(), digest_size=12).hexdigest()
        lines += [id, pack_record(_first_line(id, line, number))]
    return [
        intent.id, now, read.version, _pack(tie), _pack(outcome), tie.a, tie.b, int(tie.rests), int(tie.side_a.blocks),
        int(tie.side_b.blocks), int(tie.b in bots), int(tie.a in bots), *called, len(meta), *meta, *lines,
    ]  # fmt: skip


def _first_line(id: str, line: Line, number: int) -> Record:
    return Record(id, line.user, line.text, f"first-{number}", only=line.user if line.alone else "")


def _meta(epoch: str, now: int) -> list[str | int]:
    fields: dict[str, str | int] = {
        "kind": "direct", "title": "", "about": "", "slow_mode": 0, "pokes": 0, "created_at": now, "epoch": epoch,
        "seq": 0, "rev": 0, "first_seq": 1, "shared": 0, "mv": 0,
    }  # fmt: skip
    return [word for pair in fields.items() for word in pair]
