"""The admins' service for accounts: list users, suspend them."""

from __future__ import annotations

from typing import Final

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.protocol.methods.accounts import AccountSuspend, UserList, UserListResult
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.shapes import ListedUser
from chatserver.rules.text.searching import fold
from chatserver.services.accounts.profiles import public_of
from chatserver.services.caller import Caller
from chatserver.store.accounts.accounts import AccountStore, Profile

PAGE: Final = 50
# A search through a large community continues on the next page, rather than delaying everyone.
MOST_LOOKED_AT: Final = 2_000

# A user's position in the list: time of sign-up (ms) and id. Also the cursor of a page.
SortKey = tuple[int, str]


class People:
    """``store`` holds the users."""

    def __init__(self, accounts: AccountStore) -> None:
        self._accounts = accounts

    async def suspend(self, caller: Caller, params: AccountSuspend) -> Nothing:
        """Suspend an account: all logins end and open sockets are closed at once. Lifting it restores no login."""
        admin = caller.require_admin()
        if admin == params.user:
            raise errors.not_allowed("You cannot suspend yourself", "yourself")
        await self._accounts.set_status(params.user, "suspended", on=params.suspended, by=admin, now=now_ms())
        return Nothing()

    async def list(self, caller: Caller, params: UserList) -> UserListResult:
        caller.require_admin()
        after = _cursor(params.after) if params.after else None
        words, found, looked_at = fold(params.query).split(), list[Profile](), 0
        while looked_at < MOST_LOOKED_AT:
            places = await self._accounts.everyone(after=after)
            if not places:
                return UserListResult(users=[_listed(profile) for profile in found])
            profiles = {profile.id: profile for profile in await self._accounts.profiles(user for _, user in places)}
            for place in places:
                profile = profiles.get(place[1])
                if profile is not None and _is_meant(profile, words):
                    found.append(profile)
                after = place
                if len(found) == PAGE:
                    return UserListResult(users=[_listed(profile) for profile in found], next=_packed(place))
            looked_at += len(places)
        return UserListResult(users=[_listed(profile) for profile in found], next=_packed(after) if after else "")


def _is_meant(profile: Profile, words: list[str]) -> bool:
    known_by = fold(f"{profile.handle}\n{profile.name}")
    return not profile.closed and all(word.removeprefix("@") in known_by for word in words)


def _listed(profile: Profile) -> ListedUser:
    return ListedUser(**public_of(profile), since=profile.created_at, suspended=profile.suspended)


def _packed(place: SortKey) -> str:
    return f"{place[0]}.{place[1]}"


def _cursor(after: str) -> SortKey:
    """Decode a cursor. Raises ``Refusal`` for one that no page returned."""
    since, _, user = after.partition(".")
    if not since.isdecimal() or not user:
        raise errors.invalid("after", "Invalid cursor: pass `next` from the previous page")
    return int(since), user
