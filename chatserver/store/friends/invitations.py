"""The store of personal invitations: the code has a tag of its own, the inviter's tag lists what became of it.

The inviter's tag decides how many may be open; the code's tag decides who may use it, and whether it was withdrawn
first. Each step over both is an intent. Signing up with a code records that in the inviter's list (``AccountStore``);
who has an account accepts it (``AcceptInvitation``), and the inviter's yes is a step of the tie (``TieStore``).
"""

from __future__ import annotations

import msgspec

from chatserver import errors
from chatserver.protocol.shapes import Invitation
from chatserver.rules.friends.tie import DAY_MS
from chatserver.store.accounts.accounts import invite_key, no_invite, past_refusals
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.friends.ties import TieStore
from chatserver.store.rooms.rooms import JoinRoom, RoomStore


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """An invitation in the inviter's list; ``users`` used it."""

    at: int
    ends_at: int
    room: str
    users: list[str]
    withdrawn: bool
    uses: int


class Code(msgspec.Struct, frozen=True):
    """What a code that can still be used says."""

    by: str
    room: str
    ends_at: int


_unpack = msgspec.msgpack.Decoder(_Kept).decode


class MakeInvitation(Step, frozen=True):
    kind = "invitation.create"
    id: str
    user: str
    room: str
    now: int
    ends_at: int
    uses: int = 1


class AcceptInvitation(Step, frozen=True):
    """``by`` is the inviter."""

    kind = "invitation.accept"
    id: str
    user: str
    by: str
    room: str
    now: int


class WithdrawInvitation(Step, frozen=True):
    kind = "invitation.withdraw"
    id: str
    user: str
    now: int


class InvitationStore:
    """``most`` invitations of one user may be open; 0 means no limit."""

    def __init__(self, store: Store, intents: Intents, rooms: RoomStore, ties: TieStore, *, most: int) -> None:
        self._store = store
        self._intents = intents
        self._rooms = rooms
        self._ties = ties
        self._most = most
        intents.register(MakeInvitation, self._make)
        intents.register(AcceptInvitation, self._accept)
        intents.register(WithdrawInvitation, self._withdraw)

    async def make(self, id: str, *, user: str, room: str, now: int, ends_at: int, uses: int) -> None:
        """Make an invitation of this user; ``id`` is the digest of its code, ``ends_at`` in ms.
        Raises ``Refusal`` too_many_invitations."""
        step = MakeInvitation(id=id, user=user, room=room, now=now, ends_at=ends_at, uses=uses)
        await self._intents.carry_out(step)

    async def _make(self, intent: Intent[MakeInvitation]) -> None:
        """Writes the inviter's list first, so that every code that works can be withdrawn."""
        step = intent.step
        answer = await self._store.call(
            "invitation_place", keys.user(step.user), step.id, step.now, step.ends_at, step.room, self._most,
            step.uses,
        )  # fmt: skip
        if status(answer) != "ok":
            raise errors.not_allowed(f"{self._most} invitations are unused: withdraw one first", "too_many_invitations")
        gone_at = step.ends_at + DAY_MS
        await self._store.call(
            "account_invite_make", invite_key(step.id), step.now, step.ends_at, step.user, step.room, gone_at,
            step.uses,
        )  # fmt: skip

    async def code(self, id: str, user: str, now: int) -> Code | None:
        """What the code with this digest says, if ``user`` may use it now, or has."""
        key, used = invite_key(id), f"user:{user}"
        held = await self._store.command(key, "HMGET", key, "by", "room", "ends_at", "uses", "used", used)
        by, room, ends_at, uses, count, before = held
        if by is None or int(ends_at) <= now or (before is None and int(count or 0) >= int(uses)):
            return None
        return Code(by.decode(), room.decode(), int(ends_at))

    async def accept(self, id: str, code: Code, *, user: str, now: int) -> None:
        """Use a personal invitation with an account: join its room, and ask the inviter for their yes. A repeat is no
        error. Raises ``Refusal`` no_invite, or that of ``ladder.accept``."""
        step = AcceptInvitation(id=id, user=user, by=code.by, room=code.room, now=now)
        await self._intents.carry_out(step)

    async def _accept(self, intent: Intent[AcceptInvitation]) -> None:
        step = intent.step
        answer = await self._store.call("account_invite_use", invite_key(step.id), step.user, step.now)
        if status(answer) != "ok":
            raise no_invite()
        await self._store.call("invitation_end", keys.user(step.by), step.id, step.user)
        if step.room:
            join = JoinRoom(room=step.room, user=step.user, now=step.now, by=step.by, admin=True)
            await past_refusals(self._rooms.join_parts(intent.id, join))
        await past_refusals(self._ties.accepted(step.user, step.by, step.room, intent.id, step.now))

    async def of(self, user: str) -> list[Invitation]:
        """The user's invitations, newest first."""
        held = flat(await self._store.command(keys.user(user), "HGETALL", keys.user(user) + ":invitations"))
        found = [_invitation(id, _unpack(packed)) for id, packed in held.items()]
        return sorted(found, key=lambda invitation: -invitation.at)

    async def withdraw(self, id: str, *, user: str, now: int) -> None:
        """Withdraw an invitation; who used it stays. Raises ``Refusal`` not_found."""
        if not await self._store.command(keys.user(user), "HEXISTS", keys.user(user) + ":invitations", id):
            raise errors.not_found("invitation")
        await self._intents.carry_out(WithdrawInvitation(id=id, user=user, now=now))

    async def withdraw_all(self, user: str, now: int) -> None:
        """End all open invitations of a closed account; a part of closing it."""
        tag = keys.user(user)
        for id in await self._store.command(tag, "ZRANGE", tag + ":invitations_open", 0, -1):
            await self._store.call("account_invite_withdraw", invite_key(id.decode()), now + DAY_MS)

    async def _withdraw(self, intent: Intent[WithdrawInvitation]) -> None:
        id, user, now = intent.step.id, intent.step.user, intent.step.now
        answer = await self._store.call("account_invite_withdraw", invite_key(id), now + DAY_MS)
        if status(answer) == "ok":
            await self._store.call("invitation_end", keys.user(user), id, "")


def _invitation(id: str, kept: _Kept) -> Invitation:
    return Invitation(
        id=id, at=kept.at, ends_at=kept.ends_at, room=kept.room, uses=kept.uses, used=len(kept.users),
        users=kept.users, withdrawn=kept.withdrawn,
    )  # fmt: skip
