"""The desk for the house: what it is called, how one enters it, and who runs it.

A house begins without an admin. Whoever started it gets a link with a code; the first signed-in person to bring the
code becomes the admin, and the owner of the rooms that stood open from the start.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import UNSET

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.protocol import closing
from chatserver.protocol.methods import HouseClaim, HouseLog, HouseLogResult, HouseResult, HouseUpdate, Nothing
from chatserver.protocol.shapes import Act, Server, User
from chatserver.rules import profiles
from chatserver.rules import text as text_rules
from chatserver.services.authority import Authority
from chatserver.services.caller import Caller
from chatserver.services.profiles import user_of
from chatserver.settings import Accounts as Settings
from chatserver.store.accounts import AccountsShelf
from chatserver.store.house import NAMES, HouseShelf
from chatserver.store.logins import Logins

LOG_PAGE: Final = 50
_PLACE: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}", re.ASCII)


class House:
    """``rooms`` are the starter rooms, which belong to the house until somebody claims it; ``host`` the handle of its
    own bot, empty where there is none."""

    def __init__(
        self, shelf: HouseShelf, people: AccountsShelf, logins: Logins, authority: Authority, server: Server,
        settings: Settings, *, rooms: list[str], host: str,
    ) -> None:  # fmt: skip
        self._shelf = shelf
        self._people = people
        self._logins = logins
        self._authority = authority
        self._server = server
        self._settings = settings
        self._rooms = rooms
        self._host = host

    async def get(self, caller: Caller, params: Nothing) -> HouseResult:
        return self._result(admin=caller.admin)

    def _result(self, *, admin: bool) -> HouseResult:
        says = self._shelf.says
        return HouseResult(
            says.name, says.language, says.time_zone, says.sign_up, self._server.version, self._server.limits,
            self._shelf.unclaimed, self._shelf.fixed if admin else UNSET, self._host or UNSET,
        )  # fmt: skip

    async def update(self, caller: Caller, params: HouseUpdate) -> HouseResult:
        caller.require_admin()
        given = {name: getattr(params, name) for name in NAMES if getattr(params, name) is not UNSET}
        if "name" in given:
            given["name"] = text_rules.checked_title(given["name"], path="name")
        if "time_zone" in given:
            given["time_zone"] = profiles.checked_time_zone(given["time_zone"], may_be_empty=False)
        await self._shelf.update(given, by=caller.user_id, now=now_ms())
        return self._result(admin=True)

    async def claim(self, caller: Caller, params: HouseClaim) -> HouseResult:
        """Open sockets of the new admin come back as one: what an admin may is fixed when a socket opens."""
        user, now = caller.require_user(), now_ms()
        await self._count(caller, now)
        if caller.bot:
            raise errors.not_found("code")
        with self._authority.goodbye(caller, closing.RESTARTING):
            await self._shelf.claim(user, params.code, self._rooms, now=now)
        return self._result(admin=True)

    async def _count(self, caller: Caller, now: int) -> None:
        settings = self._settings
        if caller.address:
            await self._logins.attempt(
                f"claim from {caller.address}", now=now, burst=settings.sign_in_address_burst,
                per_minute=settings.sign_in_address_per_minute,
            )  # fmt: skip
        await self._logins.attempt(
            f"claim by {caller.user_id}", now=now, burst=settings.sign_in_name_burst,
            per_minute=settings.sign_in_name_per_minute,
        )  # fmt: skip

    # --- what was done ---------------------------------------------------------------------------------------------

    async def log(self, caller: Caller, params: HouseLog) -> HouseLogResult:
        """What moderators and admins did, the newest first. Never what anybody wrote."""
        caller.require_admin()
        if params.before and not _PLACE.fullmatch(params.before):
            raise errors.invalid("before", "Take it from the last act of the page before")
        found = await self._shelf.acts.page(params.before, LOG_PAGE + 1)
        page = found[:LOG_PAGE]
        ids = (user for _, note in page for user in (note.by, note.user) if user)
        known = {profile.id: user_of(profile) for profile in await self._people.profiles(ids)}

        def face(user: str) -> User:
            return known.get(user) or User(id=user, handle="", name="", bot=False, closed=True)

        acts = [
            Act(
                id=place, at=note.at, by=face(note.by), what=note.what, room=note.room,
                user=face(note.user) if note.user else UNSET, detail=note.detail,
            )
            for place, note in page
        ]  # fmt: skip
        return HouseLogResult(acts, len(found) > LOG_PAGE)
