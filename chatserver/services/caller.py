"""The caller of a request, passed to every service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from chatserver import errors
from chatserver.live.connection import Connection
from chatserver.rules.accounts.newcomers import TRUSTED, Arrival


@dataclass(slots=True)
class Caller:
    """``user_id`` is empty for a visitor. Over HTTP there is no ``connection``. ``auth`` is the user's number when the
    login was checked: if it differs now, the login may have ended. ``arrival`` is as of then, too.

    Signing in sets the login (``give_login``), signing out drops it; over HTTP that becomes the cookie. ``then`` is for
    what must follow the response, such as the events of a new session.
    """

    user_id: str = ""
    login_id: str = ""
    bot: bool = False
    admin: bool = False
    auth: int = 0
    arrival: Arrival = TRUSTED
    address: str = ""
    agent: str = ""
    device: str = ""
    connection: Connection | None = None
    login_given: str = ""
    login_dropped: bool = False
    device_given: bool = False
    afterwards: dict[object, list[Callable[[], None]]] = field(default_factory=dict)

    def require_user(self) -> str:
        """The user's id. Raises ``Refusal`` not_signed_in."""
        if not self.user_id:
            raise errors.not_signed_in()
        return self.user_id

    def require_admin(self) -> str:
        """The user's id. Raises ``Refusal`` not_signed_in or not_an_admin."""
        user = self.require_user()
        if not self.admin:
            raise errors.not_an_admin()
        return user

    def require_connection(self) -> Connection:
        assert self.connection is not None, "the doors let methods of a connection in by a connection only"
        return self.connection

    def give_login(self, token: str) -> None:
        self.login_given = token

    def name_device(self, device: str) -> None:
        """Remember the browser as this device, by a cookie over HTTP."""
        self.device, self.device_given = device, True

    @property
    def places(self) -> list[str]:
        """Where the caller comes from, the most certain first: a known device, the address."""
        device = [f"device {self.device}"] if self.device else []
        return [*device, f"address {self.address}"] if self.address else device

    def drop_login(self) -> None:
        self.login_dropped = True

    def then(self, callback: Callable[[], None]) -> None:
        """Call this right after the response was queued."""
        self.afterwards.setdefault(asyncio.current_task(), []).append(callback)
