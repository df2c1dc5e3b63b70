"""The service for the community: its profile, its first admin, its record of acts.

A community starts without an admin. The operator gets a link with a code; the first signed-in person to use it becomes
the admin and the owner of the starter rooms.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import UNSET

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.announcements import Announcements
from chatserver.protocol import closing
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.community import (
    Community,
    CommunityClaim,
    CommunityLog,
    CommunityLogResult,
    CommunityUpdate,
)
from chatserver.protocol.shapes import Act, ServerInfo, User
from chatserver.rules.accounts import profiles
from chatserver.rules.messages import text as text_rules
from chatserver.services.accounts.authority import Authority
from chatserver.services.accounts.profiles import user_of
from chatserver.services.caller import Caller
from chatserver.settings import Accounts as Settings
from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.accounts.logins import LoginStore
from chatserver.store.community.community import NAMES, CommunityStore
from chatserver.store.files.own_pictures import OwnPictures

LOG_PAGE: Final = 50
_PLACE: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}", re.ASCII)


class Administration:
    """``rooms`` are the starter rooms, which have no owner until somebody claims the community; ``host`` is the handle
    of its own bot, "" if there is none."""

    def __init__(
        self, community: CommunityStore, people: AccountStore, logins: LoginStore, authority: Authority,
        pictures: OwnPictures, server: ServerInfo, settings: Settings, announcements: Announcements, *,
        rooms: list[str], host: str,
    ) -> None:  # fmt: skip
        self._community = community
        self._people = people
        self._logins = logins
        self._authority = authority
        self._pictures = pictures
        self._server = server
        self._settings = settings
        self._rooms = rooms
        self._host = host
        community.on_changed(lambda: announcements.tell("community.changed", self._result(admin=False)))

    async def get(self, caller: Caller, params: Nothing) -> Community:
        return self._result(admin=caller.admin)

    def _result(self, *, admin: bool) -> Community:
        profile = self._community.profile
        return Community(
            profile.name, profile.language, profile.time_zone, profile.sign_up, profile.previews, self._server.version,
            self._server.limits, self._community.unclaimed, self._community.fixed if admin else UNSET,
            self._host or UNSET, profile.icon or UNSET,
        )  # fmt: skip

    async def update(self, caller: Caller, params: CommunityUpdate) -> Community:
        caller.require_admin()
        given = {name: getattr(params, name) for name in NAMES if getattr(params, name) is not UNSET}
        if "name" in given:
            given["name"] = text_rules.checked_title(given["name"], path="name")
        if "time_zone" in given:
            given["time_zone"] = profiles.checked_time_zone(given["time_zone"], may_be_empty=False)
        if "previews" in given:
            given["previews"] = str(int(given["previews"]))
        if params.icon is not UNSET:
            await self._pictures.set_icon(params.icon, by=caller.user_id, now=now_ms())
        await self._community.update(given, by=caller.user_id, now=now_ms())
        return self._result(admin=True)

    async def claim(self, caller: Caller, params: CommunityClaim) -> Community:
        """Become the first admin. The user's sockets are closed to reconnect, because rights are fixed when they
        open."""
        user, now = caller.require_user(), now_ms()
        await self._count(caller, now)
        if caller.bot:
            raise errors.not_found("code")
        with self._authority.goodbye(caller, closing.RESTARTING):
            await self._community.claim(user, params.code, self._rooms, now=now)
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

    # --- the record of acts ------------------------------------------------------------------------------------------

    async def log(self, caller: Caller, params: CommunityLog) -> CommunityLogResult:
        """A page of the record of acts, newest first. It never contains what anybody wrote."""
        caller.require_admin()
        if params.before and not _PLACE.fullmatch(params.before):
            raise errors.invalid("before", "Invalid cursor: pass the id of the last act of the previous page")
        found = await self._community.acts.page(params.before, LOG_PAGE + 1)
        page = found[:LOG_PAGE]
        ids = (user for _, note in page for user in (note.by, note.user) if user)
        known = {profile.id: user_of(profile) for profile in await self._people.profiles(ids)}

        def face(user: str) -> User:
            return known.get(user) or User(id=user, handle="", name="", bot=False, closed=True)

        acts = [
            Act(
                id=place, at=note.at, by=face(note.by) if note.by else UNSET, what=note.what, room=note.room,
                user=face(note.user) if note.user else UNSET, detail=note.detail,
            )
            for place, note in page
        ]  # fmt: skip
        return CommunityLogResult(acts, len(found) > LOG_PAGE)
