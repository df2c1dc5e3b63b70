"""Checks at start whether a store is suitable; called by ``chatserver.app``, also for the embedded store.

What is certainly wrong is refused with a sentence that says what to do. What a managed store that forbids CONFIG does
not reveal becomes a warning.
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
    """The store's version, and warnings for its operator."""

    version: Version
    warnings: tuple[str, ...]


async def check_store(store: redis.asyncio.Redis, *, durability: Durability = "primary") -> StoreFacts:
    """Check the store and its settings. Raises ``StartError`` with a line per problem."""
    try:
        about = _texts(await store.info("everything"))
        settings = await _settings(store)
    except (RedisError, OSError) as error:
        what = "refuses this login" if _is_about_login(error) else "does not answer"
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
    """The relevant settings of the store; None if it forbids CONFIG."""
    found: dict[str, str] = {}
    for name in WANTED:
        try:
            found |= _texts(await store.config_get(name))
        except (NoPermissionError, ResponseError):
            return None
    return found


def _is_about_login(error: Exception) -> bool:
    """Whether the error means a wrong password: redis-py reports it as the error of whichever command came first."""
    words = ("username-password", "WRONGPASS", "NOAUTH", "Authentication")
    return isinstance(error, AuthenticationError | NoPermissionError) or any(word in str(error) for word in words)


def _texts(answer: Mapping[Any, Any]) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in answer.items()}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _version(about: dict[str, str]) -> Version:
    """The store's version. In redis_version Valkey reports a Redis 7.2, for old programs."""
    text = f"valkey {about['valkey_version']}" if "valkey_version" in about else f"redis {about['redis_version']}"
    version = parse_version(text)
    if version is None:
        raise StartError(f"store.url: the store's version is unknown: {text}")
    return version


def _against_program(about: dict[str, str], version: Version) -> list[str]:
    reasons = []
    if version.number < LEAST[version.name]:
        reasons.append(f"The store is {version}, which is too old: use Valkey 7.2 or Redis 7.0, or newer")
    if about.get("redis_mode") == "sentinel" or about.get("server_mode") == "sentinel":
        reasons.append("store.url names a Sentinel: give the address of the primary itself")
    elif about.get("cluster_enabled") == "1":
        reasons.append("store.url names a node of a Cluster: this release supports a single Valkey or Redis")
    elif about.get("role") in ("slave", "replica"):
        reasons.append("store.url names a replica, which takes no writes: give the address of its primary")
    return reasons


def against_settings(settings: Mapping[str, str], durability: str) -> list[str]:
    """A sentence per setting with which acknowledged messages could be lost."""
    reasons = []
    if settings.get("appendonly") != "yes":
        reasons.append("The store has no append-only file: a crash would lose messages. Set appendonly yes there")
    if (policy := settings.get("maxmemory-policy", "noeviction")) != "noeviction":
        reasons.append(
            f"The store evicts data when its memory is full (maxmemory-policy {policy}): messages would be lost. "
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
        doubts.append("The system decides when the store's file reaches the disk: set appendfsync everysec there")
    if settings.get("aof-use-rdb-preamble") == "yes":
        doubts.append("The store's file may keep the text of deleted messages: set aof-use-rdb-preamble no there")
    return doubts


def _unsaid(about: dict[str, str], durability: str) -> list[str]:
    """Warnings for a store that forbids CONFIG; INFO reveals some of its settings."""
    doubts = ["The store forbids CONFIG, so its append-only file was not checked"]
    if about.get("aof_enabled") == "0":
        doubts.append("The store reports that it has no append-only file: a crash may lose messages")
    if (policy := about.get("maxmemory_policy", "noeviction")) != "noeviction":
        doubts.append(f"The store may evict data when its memory is full (maxmemory-policy {policy})")
    if durability == "strict":
        doubts.append("store.durability is strict, but the store's appendfsync could not be checked")
    return doubts
