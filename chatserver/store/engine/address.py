"""The address of the store: a Unix socket or a host, with credentials and TLS, parsed from ``store.url``."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from chatserver.errors import StartError


@dataclass(slots=True, frozen=True)
class Address:
    """``path`` of a Unix socket, or ``host`` and ``port``. ``tls`` for ``rediss://``."""

    path: str = ""
    host: str = "127.0.0.1"
    port: int = 6379
    username: str = ""
    password: str = ""
    database: int = 0
    tls: bool = False

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context() if self.tls else None

    def redis_arguments(self) -> dict[str, Any]:
        """The address as arguments of redis-py, which does not introduce itself: for that it would read its own version
        from the disk, which takes 2 ms for each client."""
        common: dict[str, Any] = {
            "username": self.username or None, "password": self.password or None, "db": self.database,
            "driver_info": None,
        }  # fmt: skip
        if self.path:
            return {"unix_socket_path": self.path, **common}
        return {"host": self.host, "port": self.port, "ssl": self.tls, **common}


def parse(url: str) -> Address:
    """Parse a ``redis://``, ``rediss://`` or ``unix://`` URL. Raises ``StartError`` for anything else."""
    parts = urlsplit(url)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "unix":
        return Address(path=unquote(parts.path), username=username, password=password)
    if parts.scheme in {"redis", "rediss"}:
        return Address(
            host=parts.hostname or "127.0.0.1", port=parts.port or 6379, username=username, password=password,
            database=_database(parts.path), tls=parts.scheme == "rediss",
        )  # fmt: skip
    if parts.scheme in {"cluster", "redis+cluster", "sentinel", "redis+sentinel"}:
        raise StartError(f"store.url: {parts.scheme}:// is not supported: use redis://, rediss:// or unix://")
    raise StartError(f"store.url: {url!r} cannot be parsed: use redis://, rediss:// or unix://")


def _database(path: str) -> int:
    number = path.strip("/")
    if number and not (number.isascii() and number.isdigit() and len(number) < 10):
        raise StartError(f"store.url: {number!r} is not a database number: use a number such as 0")
    return int(number or 0)
