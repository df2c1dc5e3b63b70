"""Is this store fit to keep a community? Asked once at start, by ``chatserver.app``, of whatever ``store.url`` names.

What is certainly wrong is refused with a sentence that says what to do. A managed store that forbids CONFIG is taken at
its word where it must be, with a warning. The embedded store passes the same checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import redis.asyncio
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from chatserver.errors import StartError
from chatserver.store.embedded.programs import LEAST, Version, parse_version

Durability = Literal["primary", "strict"]
WANTED: Final = ("appendonly", "appendfsync", "maxmemory-policy", "aof-use-rdb-preamble")


@dataclass(slots=True, frozen=True)
class StoreFacts:
    """What a store is, and what its operator should know."""

    version: Version
    warnings: tuple[str, ...]


async def check_store(store: redis.asyncio.Redis, *, durability: Durability = "primary") -> StoreFacts:
    """Look at the store and its settings. Raises ``StartError`` with a line per reason against it."""
    try:
        about = _texts(await store.info("everything"))
        settings = await _settings(store)
    except (RedisError, OSError) as error:
        what = "refuses this login" if _is_about_login(error) else "cannot be asked"
        raise StartError(f"store.url: the store {what}: {error}") from error
    version = _version(about)
    refusals = [*_against_program(about, version)]
    warnings: list[str] = []
    if settings is None:
        warnings.extend(_unsaid(about, durability))
    else:
        refusals.extend(against_settings(settings, durability))
        warnings.extend(_doubts(settings))
    if refusals:
        raise StartError("\n".join(refusals))
    return StoreFacts(version, tuple(warnings))


async def _settings(store: redis.asyncio.Redis) -> dict[str, str] | None:
    """What CONFIG says, or None where the store forbids it."""
    found: dict[str, str] = {}
    for name in WANTED:
        try:
            found |= _texts(await store.config_get(name))
        except (NoPermissionError, ResponseError):
            return None
    return found


def _is_about_login(error: Exception) -> bool:
    """The library hands a wrong password on as whatever its first words were an answer to."""
    words = ("username-password", "WRONGPASS", "NOAUTH", "Authentication")
    return isinstance(error, AuthenticationError | NoPermissionError) or any(word in str(error) for word in words)


def _texts(answer: Mapping[Any, Any]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in answer.items()}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _version(about: dict[str, str]) -> Version:
    """Valkey calls itself a Redis 7.2 in redis_version, for old programs' sake."""
    text = f"valkey {about['valkey_version']}" if "valkey_version" in about else f"redis {about['redis_version']}"
    version = parse_version(text)
    if version is None:
        raise StartError(f"store.url: the store's version is not understood: {text}")
    return version


def _against_program(about: dict[str, str], version: Version) -> list[str]:
    reasons = []
    if version.number < LEAST[version.name]:
        reasons.append(f"The store is {version}: too old. Valkey 7.2 or Redis 7.0 is the oldest that works")
    if about.get("redis_mode") == "sentinel" or about.get("server_mode") == "sentinel":
        reasons.append("store.url names a Sentinel: give the address of the primary itself")
    elif about.get("cluster_enabled") == "1":
        reasons.append("store.url names a node of a Cluster: this release speaks to one Valkey or Redis")
    elif about.get("role") in ("slave", "replica"):
        reasons.append("store.url names a replica, which takes no writes: give the address of its primary")
    return reasons


def against_settings(settings: Mapping[str, str], durability: str) -> list[str]:
    """Sentences against settings with which what was acknowledged could be lost."""
    reasons = []
    if settings.get("appendonly") != "yes":
        reasons.append(
            "The store keeps no append-only file: a crash of it would lose messages. Set appendonly yes there"
        )
    if (policy := settings.get("maxmemory-policy", "noeviction")) != "noeviction":
        reasons.append(
            f"The store throws data away when memory is short (maxmemory-policy {policy}): messages would vanish. "
            "Set maxmemory-policy noeviction there"
        )
    if durability == "strict" and settings.get("appendfsync") != "always":
        reasons.append(
            f"store.durability strict needs appendfsync always in the store; it has {settings.get('appendfsync')}"
        )
    return reasons


def _doubts(settings: dict[str, str]) -> list[str]:
    doubts = []
    if settings.get("appendfsync") == "no":
        doubts.append("The store leaves it to the system when its file reaches the disk: set appendfsync everysec")
    if settings.get("aof-use-rdb-preamble") == "yes":
        doubts.append(
            "The store's file may keep the text of deleted messages for long: set aof-use-rdb-preamble no there"
        )
    return doubts


def _unsaid(about: dict[str, str], durability: str) -> list[str]:
    """What can be said of a store that forbids CONFIG; INFO tells a part of it."""
    doubts = ["The store does not tell its settings (CONFIG is forbidden): its append-only file was not checked"]
    if about.get("aof_enabled") == "0":
        doubts.append("The store says that it keeps no append-only file: a crash of it may lose messages")
    if (policy := about.get("maxmemory_policy", "noeviction")) != "noeviction":
        doubts.append(f"The store may throw data away when memory is short (maxmemory-policy {policy})")
    if durability == "strict":
        doubts.append("store.durability strict rests on the store's own word: appendfsync was not checked")
    return doubts
