"""The service for profiles.

A profile shows the rooms that its reader shares with the user, of any kind, and the open rooms that the user chose to
show. Pointers only say where to look; each room's member list decides. The tie with each user decides whether the part
for friends is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import UNSET

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.protocol.methods.accounts import ProfileUpdate, UserGet, UserResult, UsersResult
from chatserver.protocol.shapes import Findable, User, UserProfile, UserRoom
from chatserver.rules.accounts import handles, names, profiles
from chatserver.rules.friends import ladder
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller
from chatserver.services.pace import spend
from chatserver.store.accounts.accounts import AccountStore, Profile
from chatserver.store.files.own_pictures import OwnPictures
from chatserver.store.friends.ties import TieStore
from chatserver.store.rooms.reading import Door
from chatserver.store.rooms.rooms import RoomStore

_CHECKS: Final[dict[str, Callable[[Any], str | list[str]]]] = {
    "name": names.checked,
    "headline": names.checked_headline,
    "about": profiles.checked_about,
    "for_friends": profiles.checked_for_friends,
    "interests": profiles.checked_interests,
    "languages": profiles.checked_languages,
    "home_town": profiles.checked_home_town,
    "time_zone": profiles.checked_time_zone,
    "presence": lambda presence: "hidden" if presence == "hidden" else "",
    "greets": lambda on: "1" if on else "",
    "shown_rooms": lambda rooms: list(dict.fromkeys(rooms)),
    "findable": lambda findable: "" if findable == "interests" else findable,
    "listable": lambda listable: "" if listable else "no",
}


class Profiles:
    """``accounts`` has the users, ``rooms`` the memberships, ``ties`` the friendships, ``pictures`` the avatars.
    ``reads`` limits how many profiles one user reads: a hundred of them take 7 ms."""

    def __init__(
        self, accounts: AccountStore, rooms: RoomStore, ties: TieStore, pictures: OwnPictures, *, reads: Buckets
    ) -> None:
        self._accounts = accounts
        self._rooms = rooms
        self._ties = ties
        self._pictures = pictures
        self._reads = reads

    async def update(self, caller: Caller, params: ProfileUpdate) -> UserResult:
        user = caller.require_user()
        asked = {name: getattr(params, name) for name in _CHECKS}
        given = {name: _CHECKS[name](value) for name, value in asked.items() if value is not UNSET}
        await self._check_shown(user, given.get("shown_rooms", []))
        await self._accounts.update(user, given, now=now_ms())
        if params.avatar is not UNSET:
            await self._pictures.set_avatar(user, params.avatar, now=now_ms())
        (profile,) = await self._shown(user, await self._accounts.profiles([user]))
        return UserResult(profile)

    async def _check_shown(self, user: str, rooms: Iterable[str]) -> None:
        doors = await self._doors({room: {user} for room in rooms})
        for place, room in enumerate(rooms):
            if room not in doors or not _may_be_shown(doors[room], user):
                raise errors.invalid(f"shown_rooms.{place}", "Choose an open room that you are a member of")

    async def get(self, caller: Caller, params: UserGet) -> UsersResult:
        """The users with these ids that exist, or the one with the handle. Raises ``Refusal`` not_found."""
        reader = caller.require_user()
        spend(self._reads, reader, max(1, len(params.users)))
        if not params.handle:
            return UsersResult(await self._shown(reader, await self._accounts.profiles(params.users)))
        profile = await self._accounts.find(handles.fold(params.handle))
        if profile is None:
            raise errors.not_found("user")
        return UsersResult(await self._shown(reader, [profile]))

    # --- rooms on a profile ------------------------------------------------------------------------------------------

    async def _shown(self, reader: str, found: list[Profile]) -> list[UserProfile]:
        """The profiles as ``reader`` may see them."""
        people = [profile for profile in found if not profile.closed]
        pointers = await asyncio.gather(*(self._rooms.rooms_of(profile.id) for profile in people))
        readers = (await self._rooms.rooms_of(reader)).keys()
        candidates = {
            profile.id: list(dict.fromkeys([*(room for room in readers if room in rooms), *profile.shown_rooms]))
            for profile, rooms in zip(people, pointers, strict=True)
        }
        asked: dict[str, set[str]] = {}
        for user, rooms_ in candidates.items():
            for room in rooms_:
                asked.setdefault(room, {reader}).add(user)
        doors, near = await self._doors(asked), await self._opened(reader, people)
        return [
            _profile_of(
                profile, reader, _rooms_on(profile, reader, candidates.get(profile.id, []), doors),
                near=profile.id in near,
            )
            for profile in found
        ]  # fmt: skip

    async def _opened(self, reader: str, people: list[Profile]) -> set[str]:
        """The users whose profile for friends the reader may see."""
        asked = [profile.id for profile in people if profile.for_friends and profile.id != reader]
        reads = await asyncio.gather(*(self._ties.read(reader, user) for user in asked))
        return {user for user, read in zip(asked, reads, strict=True) if ladder.opens_profile(read.tie, reader)}

    async def _doors(self, asked: dict[str, set[str]]) -> dict[str, Door]:
        """What those rooms that exist show to outsiders, in one round trip."""
        reads = (self._rooms.door_of(room, users) for room, users in asked.items())
        doors: dict[str, Door] = {}
        for room, door in zip(asked, await asyncio.gather(*reads, return_exceptions=True), strict=True):
            if isinstance(door, Door):
                doors[room] = door
            elif not isinstance(door, Refusal) or door.kind is not errors.NOT_FOUND:
                raise door
        return doors


def user_of(profile: Profile) -> User:
    """A user as others see it."""
    return User(**public_of(profile))


def public_of(profile: Profile) -> dict[str, Any]:
    """The members that every struct of a user has."""
    return {
        "id": profile.id, "handle": profile.handle, "name": profile.name, "bot": profile.bot,
        "owner": profile.owner or UNSET, "headline": profile.headline or UNSET, "admin": profile.admin,
        "closed": profile.closed, "avatar": profile.avatar,
    }  # fmt: skip


def _profile_of(profile: Profile, reader: str, rooms: list[UserRoom], *, near: bool) -> UserProfile:
    own = profile.id == reader
    return UserProfile(
        **public_of(profile), since=profile.created_at, rooms=rooms, about=profile.about, interests=profile.interests,
        languages=profile.languages, home_town=profile.home_town, time_zone=profile.time_zone,
        presence=("hidden" if profile.presence == "hidden" else "shown") if own else UNSET,
        greets=profile.greets if own else UNSET, shown_rooms=profile.shown_rooms if own else UNSET,
        findable=findable_of(profile) if own else UNSET, listable=profile.listable != "no" if own else UNSET,
        for_friends=profile.for_friends if own or near else "",
    )  # fmt: skip


def findable_of(profile: Profile) -> Findable:
    """What finds this user in a search for people."""
    return "name" if profile.findable == "name" else "nothing" if profile.findable == "nothing" else "interests"


def _rooms_on(profile: Profile, reader: str, rooms: list[str], doors: dict[str, Door]) -> list[UserRoom]:
    found: list[UserRoom] = []
    for room in rooms:
        door = doors.get(room)
        if door is None:
            continue
        shared = {reader, profile.id} <= door.inside and door.kind != "direct"
        if shared or (room in profile.shown_rooms and _may_be_shown(door, profile.id)):
            found.append(UserRoom(room=room, title=door.title, titles=door.titles, shared=shared))
    return found


def _may_be_shown(door: Door, user: str) -> bool:
    return door.kind == "open" and not door.archived and user in door.inside
