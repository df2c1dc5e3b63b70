"""Profiles: strangers read them, so the rules of names apply.

No links and no telephone numbers: people get from a profile to a conversation by the ladder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from chatserver.errors import PARAMS, Refusal
from chatserver.rules.accounts import names
from chatserver.rules.messages import text as text_rules

LONGEST_HOME_TOWN: Final = 40
MOST_SHOWN_ROOMS: Final = 20

# RFC 5646: a language, then optionally a script, a region and variants. Extensions and private use are not accepted.
_LANGUAGE: Final = re.compile(
    r"([a-z]{2,3}|[a-z]{5,8})(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?((?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)",
    re.IGNORECASE | re.ASCII,
)
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*", re.ASCII)


def checked_about(text: str) -> str:
    """The description of a profile: up to 500 characters, line breaks allowed, may be empty."""
    about = text_rules.checked_about(text)
    names.refuse_ways_to_reach(about, "about")
    return about


def checked_for_friends(text: str) -> str:
    """The part of a profile that only friends see, links and numbers allowed: up to 500 characters, may be empty."""
    return text_rules.checked_about(text, path="for_friends")


def checked_interests(tags: Sequence[str]) -> list[str]:
    """Interests, folded like a room's tags, so that one word finds people and rooms."""
    interests = text_rules.checked_tags(tags, path="interests")
    for interest in interests:
        names.refuse_ways_to_reach(interest, "interests")
    return interests


def checked_languages(tags: Sequence[str]) -> list[str]:
    """BCP 47 tags in canonical case (``zh-Hans-CN``), each once."""
    return list(dict.fromkeys(_language(tag, place) for place, tag in enumerate(tags)))


def _language(tag: str, place: int) -> str:
    found = _LANGUAGE.fullmatch(tag.strip().replace("_", "-"))
    if found is None:
        raise _refusal(f"languages.{place}", "languages_unknown", "Use a language tag such as zh-Hans or en")
    language, script, region, variants = (part or "" for part in found.groups())
    return language.lower() + script.title() + region.upper() + variants.lower()


def checked_home_town(text: str) -> str:
    """The home town: up to 40 characters, may be empty."""
    return names.checked_line(text, "home_town", LONGEST_HOME_TOWN) if text.strip() else ""


def checked_time_zone(text: str, *, may_be_empty: bool = True) -> str:
    """An IANA time zone, such as ``Asia/Shanghai``."""
    zone = text.strip()
    if not zone and may_be_empty:
        return ""
    try:
        if _ZONE.fullmatch(zone):
            ZoneInfo(zone)
            return zone
    except (ValueError, OSError, LookupError):
        pass
    raise _refusal("time_zone", "time_zone_unknown", "Use a time zone such as Asia/Shanghai")


def _refusal(path: str, reason: str, message: str) -> Refusal:
    return Refusal(PARAMS, message, reason, path=path)
