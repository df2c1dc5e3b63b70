"""Reading again, from the log, what the index proposes: what it says now, and whether it may be read."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from chatserver.rules.rooms.access import Kind
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, flat
from chatserver.store.messages.records import Page, page_of
from chatserver.store.rooms.reading import checked
from chatserver.store.rooms.records import MemberRecord, member_record


class FoundPage(Struct, frozen=True):
    """Messages of one room in their current state, and what decides who may read them, all of one moment. ``member`` is
    the viewer's record; ``authors`` holds those authors who are members. ``banned_until`` in ms, 0 for no end."""

    page: Page
    kind: Kind
    window: bool
    archived: bool
    member: MemberRecord | None
    banned_until: int | None
    authors: dict[str, MemberRecord]
    bots: bool = False


async def read_found(store: Store, room: str, seqs: Iterable[int], *, viewer: str) -> FoundPage:
    """Read these messages as this user ("" for a visitor) may see them. Raises ``Refusal`` not_found or unavailable."""
    answer = await store.call("messages_found", keys.room(room), viewer, *seqs)
    kind, window, archived, member, banned, authors = checked(answer)[10:]
    return FoundPage(
        page=page_of(answer[:11]), kind=kind.decode(), window=window == 1, archived=archived == 1,
        member=member_record(member) if member else None, banned_until=int(banned) if banned else None,
        authors={user: member_record(packed) for user, packed in flat(authors).items()},
    )  # fmt: skip
