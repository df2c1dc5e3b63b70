"""The store of personal invitations: the code has a tag of its own, the inviter's tag lists what became of it.

The inviter's tag decides how many may be open; the code's tag decides whether it was used or withdrawn first. Each step
over both is an intent. Signing up with a code records that in the inviter's list (``AccountStore``).
"""

from __future__ import annotations

import msgspec

from chatserver import errors
from chatserver.protocol.shapes import Invitation
from chatserver.rules.friends.ladder import DAY_MS
from chatserver.store.accounts.accounts import invite_key
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, flat, status


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """An invitation in the inviter's list; ``user`` used it, "" while nobody has."""

    at: int
    ends_at: int
    room: str
    user: str
    withdrawn: bool


_unpack = msgspec.msgpack.Decoder(_Kept).decode


class MakeInvitation(Step, frozen=True):
    kind = "invitation.create"
    id: str
    user: str
    room: str
    now: int
    ends_at: int


class WithdrawInvitation(Step, frozen=True):
    kind = "invitation.withdraw"
    id: str
    user: str
    now: int


class InvitationStore:
    """``most`` invitations of one user may be open; 0 means no limit."""

    def __init__(self, store: Store, intents: Intents, *, most: int) -> None:
        self._store = store
        self._intents = intents
        self._most = most
        intents.register(MakeInvitation, self._make)
        intents.register(WithdrawInvitation, self._withdraw)

    async def make(self, id: str, *, user: str, room: str, now: int, ends_at: int) -> None:
        """Make an invitation of this user; ``id`` is the digest of its code, ``ends_at`` in ms.
        Raises ``Refusal`` too_many_invitations."""
        await self._intents.carry_out(MakeInvitation(id=id, user=user, room=room, now=now, ends_at=ends_at))

    async def _make(self, intent: Intent[MakeInvitation]) -> None:
        """Writes the inviter's list first, so that every code that works can be withdrawn."""
        step = intent.step
        answer = await self._store.call(
            "invitation_place", keys.user(step.user), step.id, step.now, step.ends_at, step.room, self._most
        )
        if status(answer) != "ok":
            raise errors.not_allowed(f"{self._most} invitations are unused: withdraw one first", "too_many_invitations")
        gone_at = step.ends_at + DAY_MS
        await self._store.call(
            "account_invite_make", invite_key(step.id), step.now, step.ends_at, step.user, step.room, gone_at
        )

    async def of(self, user: str) -> list[Invitation]:
        """The user's invitations, newest first."""
        held = flat(await self._store.command(keys.user(user), "HGETALL", keys.user(user) + ":invitations"))
        found = [Invitation(id=id, **msgspec.structs.asdict(_unpack(packed))) for id, packed in held.items()]
        return sorted(found, key=lambda invitation: -invitation.at)

    async def withdraw(self, id: str, *, user: str, now: int) -> None:
        """Withdraw an invitation; one that was used stays used. Raises ``Refusal`` not_found."""
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
