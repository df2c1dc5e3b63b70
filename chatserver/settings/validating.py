"""Checks of settings beyond their types: addresses, time zones, and settings that must fit each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from chatserver.settings.addresses import normal_origin
from chatserver.settings.sections import Settings

SCHEMES: Final = ("redis", "rediss", "unix")
_INDEX_NAME: Final = re.compile(r"[a-z0-9]+([-_][a-z0-9]+){0,50}")


def hint(path: str, value: object) -> str:
    """An explanation to add for a value that is refused for its type; "" for none."""
    if path == "store.durability" and value == "replicated":
        return ': "replicated" needs a store with replicas, which this release does not support'
    return ""


def problems(settings: Settings) -> list[str]:
    """A sentence per problem, each beginning with the setting's origin and dotted path."""
    found: list[str] = []
    for check in _CHECKS:
        for path, sentence in check(settings):
            found.append(f"{settings.origin(path)}: {path} {sentence}")
    return found


def _store_url(settings: Settings) -> Iterator[tuple[str, str]]:
    url = settings.store.url
    if not url:
        return
    try:
        parts = urlsplit(url)
        scheme, _ = parts.scheme.lower(), parts.port
    except ValueError:
        yield "store.url", "has a machine or port that cannot be read, such as a bracket left open"
        return
    if "cluster" in scheme or "sentinel" in scheme:
        yield (
            "store.url",
            f"names a {scheme}:// store: this release supports a single Valkey or Redis (redis://, rediss://)",
        )
    elif scheme not in SCHEMES:
        yield "store.url", "must begin with redis://, rediss:// or unix://"
    elif scheme == "unix" and not parts.path:
        yield "store.url", "must name a socket, such as unix:///run/valkey/valkey.sock"
    elif scheme != "unix" and not parts.hostname:
        yield "store.url", "must name a host, such as redis://127.0.0.1:6379"


def _opensearch(settings: Settings) -> Iterator[tuple[str, str]]:
    index = settings.index
    for url in index.opensearch:
        try:
            parts = urlsplit(url)
            is_right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_right = False
        if not is_right:
            yield "index.opensearch", "must hold addresses such as https://search.example.org:9200"
    if not _INDEX_NAME.fullmatch(index.opensearch_index):
        yield "index.opensearch_index", "must be small letters and digits, with - or _ between them"


def _time_zone(settings: Settings) -> Iterator[tuple[str, str]]:
    try:
        ZoneInfo(settings.community.time_zone)
    except (ValueError, OSError, LookupError):
        yield "community.time_zone", f"is not a time zone this machine knows: {settings.community.time_zone!r}"


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    for origin in settings.server.origins:
        if not normal_origin(origin):
            yield "server.origins", f"must hold origins such as https://chat.example.org without a path, not {origin!r}"
    if settings.server.public_url and not normal_origin(settings.server.public_url):
        yield "server.public_url", "must be an address such as https://chat.example.org without a path"
    for name in ("trusted_proxies", "reachable_networks"):
        for network in getattr(settings.server, name):
            try:
                ip_network(network, strict=False)
            except ValueError:
                yield f"server.{name}", f"must hold addresses or networks such as 10.0.0.0/8, not {network!r}"


def _texts(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.community.name.strip():
        yield "community.name", "must not be empty"
    if settings.host.enabled and not settings.host.handle.strip():
        yield "host.handle", "must not be empty while host.enabled is true"
    if settings.host.enabled and not any(name.strip() for name in settings.host.name.values()):
        yield "host.name", "must have a name in at least one language"


def _sizes(settings: Settings) -> Iterator[tuple[str, str]]:
    limits, accounts = settings.limits, settings.accounts
    if limits.frame_bytes and limits.frame_bytes < (limits.text_bytes or 0):
        yield "limits.frame_bytes", f"must be at least limits.text_bytes ({limits.text_bytes})"
    if limits.frame_bytes and limits.frame_bytes < 1024:
        yield "limits.frame_bytes", "must be at least 1024, or 0 for no limit: a sign-in would not fit"
    if accounts.password_max and accounts.password_max < accounts.password_min:
        yield "accounts.password_max", f"must be at least accounts.password_min ({accounts.password_min})"
    if accounts.argon2_memory < 8 * accounts.argon2_lanes:
        yield "accounts.argon2_memory", "must be at least 8 KiB for each of accounts.argon2_lanes"


_Check = Callable[[Settings], Iterator[tuple[str, str]]]
_CHECKS: Final[tuple[_Check, ...]] = (_store_url, _time_zone, _addresses, _texts, _sizes, _opensearch)
