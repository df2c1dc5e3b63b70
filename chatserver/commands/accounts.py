"""``chatserver user …`` and ``token create``: change accounts directly in the store.

They use the same steps as the services, so a running server is notified: the sockets of a suspended user close within a
second.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from chatserver import errors, ids, logs
from chatserver.commands.places import open_store
from chatserver.errors import StartError
from chatserver.ids import now_ms
from chatserver.live.tasks import Tasks
from chatserver.rules.accounts import handles, names, passwords, tokens
from chatserver.services.accounts.hashing import Hashing
from chatserver.services.rooms.starter import ensure_starter_rooms, newcomers_rooms, read_starter_rooms
from chatserver.settings import Settings, or_unlimited, rooms_file
from chatserver.store.accounts.accounts import AccountStore, NewAccount, Profile
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.accounts.logins import LoginStore
from chatserver.store.backup.restore import refuse_half_restored
from chatserver.store.community.acts import ActLog
from chatserver.store.engine.address import Address
from chatserver.store.engine.formats import check_format
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.rooms.rooms import RoomStore

Result = TypeVar("Result")


@dataclass(slots=True, frozen=True)
class Counter:
    """The stores that these commands use."""

    accounts: AccountStore
    logins: LoginStore
    hashing: Hashing
    acts: ActLog

    async def note(self, what: str, user: str = "", detail: str = "") -> None:
        """Write down what was done here, for the community's admins to read."""
        await self.acts.note(ids.new_id(), what, by="", at=now_ms(), user=user, detail=detail)

    async def find(self, handle: str) -> Profile:
        """The user with this handle. Raises ``Refusal`` not_found."""
        profile = await self.accounts.find(handles.fold(handle.removeprefix("@")))
        if profile is None:
            raise errors.not_found("user")
        return profile


def add(settings: Settings, handle: str, name: str, *, admin: bool) -> int:
    """Create an account and print its recovery code."""
    handle, name = handles.checked(handle.removeprefix("@"), may_be_reserved=admin), names.checked(name)
    password = _asked_password(settings, handle)
    recovery = tokens.recovery_code(ids.random_bytes(tokens.CODE_BYTES))

    async def work(counter: Counter) -> None:
        hashed = await counter.hashing.hash(password)
        code = tokens.digest(tokens.normal_code(recovery))
        account = NewAccount(
            user=ids.new_id(), handle=handle, name=name, password=hashed, recovery=code, admin=admin, trusted=True
        )
        await counter.accounts.create(account, now=now_ms())
        await counter.note("account.create", account.user, "admin" if admin else "")

    _carry_out(settings, work)
    print(f"{handle} has an account. Its recovery code, which is not shown again: {recovery}")
    return 0


def set_password(settings: Settings, handle: str) -> int:
    """Set a new password, and end all logins and tokens of the account."""
    password = _asked_password(settings, handles.fold(handle.removeprefix("@")))

    async def work(counter: Counter) -> None:
        profile = await counter.find(handle)
        await counter.accounts.set_password(profile.id, await counter.hashing.hash(password))
        await counter.note("account.set_password", profile.id)

    _carry_out(settings, work)
    print(f"{handle} has a new password; all logins and tokens of the account have ended")
    return 0


def make_admin(settings: Settings, handle: str) -> int:
    """Make a user an admin."""

    async def work(counter: Counter) -> None:
        profile = await counter.find(handle)
        await counter.accounts.set_status(profile.id, "admin", on=True)
        await counter.note("account.make_admin", profile.id)

    _carry_out(settings, work)
    print(f"{handle} is an admin now")
    return 0


def suspend(settings: Settings, handle: str, *, lift: bool) -> int:
    """Suspend an account, or lift the suspension."""

    async def work(counter: Counter) -> None:
        profile = await counter.find(handle)
        await counter.accounts.set_status(profile.id, "suspended", on=not lift)
        await counter.note("account.suspend", profile.id, "off" if lift else "on")

    _carry_out(settings, work)
    print(f"{handle} may sign in again" if lift else f"{handle} is suspended")
    return 0


def invite(settings: Settings, days: int) -> int:
    """Print an invitation and nothing else."""

    async def work(counter: Counter) -> str:
        code = await counter.accounts.invite(now=now_ms(), days=days)
        await counter.note("account.invite")
        return code

    print(_carry_out(settings, work))
    return 0


def create_token(settings: Settings, handle: str, label: str) -> int:
    """Print a new token of a user and nothing else, so that scripts can read it."""

    async def work(counter: Counter) -> str:
        profile, now = await counter.find(handle), now_ms()
        login = counter.logins.new(profile.id, "token", now, label=label, agent="chatserver token create")
        await counter.logins.add(profile.id, login, now=now)
        await counter.note("token.create", profile.id)
        return login.token

    print(_carry_out(settings, work))
    return 0


def _carry_out(settings: Settings, work: Callable[[Counter], Awaitable[Result]]) -> Result:
    logs.set_up("human", "error")

    async def run(address: Address) -> Result:
        async with _counter(settings, address) as counter:
            return await work(counter)

    with open_store(settings) as address:
        return asyncio.run(run(address))


@contextlib.asynccontextmanager
async def _counter(settings: Settings, address: Address) -> AsyncIterator[Counter]:
    async with contextlib.AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(Tasks())
        store = Store(address, resend_seconds=settings.store.resend_seconds)
        tasks.spawn(store.run())
        try:
            await asyncio.wait_for(store.ready.wait(), settings.store.connect_seconds)
        except TimeoutError:
            raise StartError("The store cannot be reached: check store.url, or start it") from None
        await refuse_half_restored(store.redis)
        await check_format(store.redis)
        hashing = Hashing(settings.accounts)
        stack.callback(hashing.close)
        intents = Intents(store)
        rooms = RoomStore(store, intents, mentions_above=or_unlimited(settings.rooms.mentions_above))
        starters = read_starter_rooms(rooms_file(settings))
        # The first account may be created before the server ever ran, and joins the hall like every other.
        await ensure_starter_rooms(rooms, starters, language=settings.community.language, now=now_ms())
        authors = AuthorCache(store, tasks.spawn)
        accounts = AccountStore(store, intents, authors, rooms, newcomers=newcomers_rooms(starters))
        yield Counter(accounts, LoginStore(store, days=settings.accounts.login_days), hashing, ActLog(store))


def _asked_password(settings: Settings, handle: str) -> str:
    """Ask for the password twice on a terminal; otherwise read the first line of standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise StartError("The two passwords differ; nothing was changed. Try again")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    shortest, longest = settings.accounts.password_min, settings.accounts.password_max
    return passwords.checked(password, handle, shortest=shortest, longest_bytes=longest, path="password")
