"""Checks tokens, and closes open sockets whose login has ended.

Every change of a user's logins or status raises the user's ``auth`` and is published on the user's channel: the hub
calls ``on_auth``, which closes sockets whose login is gone. ``Recovery`` finds changes that were missed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from chatserver.ids import now_ms, steady_ms
from chatserver.live.connection import Connection
from chatserver.live.user import LiveUser
from chatserver.protocol import closing
from chatserver.protocol.closing import Close
from chatserver.services.caller import Caller
from chatserver.store.accounts.logins import AccountStatus, LoginStore, Proven

KEPT_MS: Final = 60_000  # how long a checked login is remembered before its session starts


@dataclass(slots=True, frozen=True)
class _Seen:
    """A login as last checked, ``at`` a time of the steady clock (ms)."""

    proven: Proven
    at: int


class Authority:
    """The hub calls ``on_auth``; the doors and sign-ins ``prove``."""

    def __init__(self, logins: LoginStore) -> None:
        self._logins = logins
        self._seen: dict[str, _Seen] = {}
        self._saying_goodbye: set[Connection] = set()

    async def prove(self, caller: Caller, token: str) -> None:
        """Check a token and fill in the caller. Raises ``Refusal`` not_signed_in, or suspended."""
        proven = await self._logins.prove(token, now_ms())
        self._seen[proven.login] = _Seen(proven, steady_ms())
        caller.user_id, caller.login_id = proven.user, proven.login
        caller.bot, caller.admin, caller.auth = proven.bot, proven.admin, proven.auth
        caller.arrival = proven.arrival

    @contextlib.contextmanager
    def goodbye(self, caller: Caller, how: Close = closing.SIGNED_OUT) -> Iterator[None]:
        """A context in which the caller ends their own login or changes its rights: their socket is answered first,
        then closed."""
        connection = caller.connection
        if connection is None:
            yield
            return
        self._saying_goodbye.add(connection)
        try:
            yield
        except BaseException:
            self._saying_goodbye.discard(connection)
            raise
        caller.then(lambda: self._part(connection, how))

    def _part(self, connection: Connection, how: Close) -> None:
        self._saying_goodbye.discard(connection)
        connection.close(how)

    async def on_auth(self, user: LiveUser) -> None:
        """Close the user's sockets whose login has ended or whose rights changed."""
        status, now = await self._logins.status(user.id), now_ms()
        for connection in list(user.connections):
            if not connection.login_id or connection in self._saying_goodbye:
                continue
            how = self._ending(connection, status, now)
            if how is not None:
                connection.close(how)
            else:
                self._keep(connection.login_id, status)

    def _ending(self, connection: Connection, status: AccountStatus, now: int) -> Close | None:
        seen, login = self._seen.get(connection.login_id), status.logins.get(connection.login_id)
        if status.suspended:
            return closing.BANNED
        if status.closed or login is None or (login.ends_at and login.ends_at <= now):
            return closing.REVOKED if seen is not None and seen.proven.kind == "token" else closing.SIGNED_OUT
        if seen is not None and seen.proven.admin != status.admin:
            return closing.RESTARTING  # rights are fixed when a socket opens: reconnect to get the new ones
        return None

    def _keep(self, login: str, status: AccountStatus) -> None:
        seen, stored = self._seen.get(login), status.logins[login]
        if seen is not None:
            fresh = msgspec.structs.replace(seen.proven, ends_at=stored.ends_at, auth=status.auth)
            self._seen[login] = replace(seen, proven=fresh, at=steady_ms())

    def is_stale(self, user: LiveUser, auth: int) -> bool:
        """Whether ``auth`` differs from when one of the user's open logins was checked, or one has expired."""
        now = now_ms()
        for connection in user.connections:
            seen = self._seen.get(connection.login_id)
            if seen is None or seen.proven.auth != auth or 0 < seen.proven.ends_at <= now:
                return True
        return False

    def forget_unused(self, connections: Set[Connection]) -> None:
        """Forget logins that no open connection uses any more."""
        in_use = {connection.login_id for connection in connections}
        self._saying_goodbye &= connections
        before = steady_ms() - KEPT_MS
        self._seen = {login: seen for login, seen in self._seen.items() if login in in_use or seen.at > before}
