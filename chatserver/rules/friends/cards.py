"""Name cards (名片) and private notes. Only friends or the author see them, so links and numbers are allowed."""

from __future__ import annotations

from chatserver.errors import PARAMS, Refusal
from chatserver.rules.messages import text as text_rules

LONGEST = 120
LONGEST_WISH = 280
LONGEST_NOTE = 500


def checked(field: str, text: str) -> str:
    """A line of the card, or one of its two wishes; may be empty."""
    longest = LONGEST_WISH if field in {"looking_for", "can_offer"} else LONGEST
    return _checked(text, field, longest)


def checked_note(text: str) -> str:
    return _checked(text, "note", LONGEST_NOTE)


def _checked(text: str, path: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        raise Refusal(PARAMS, f"Use at most {longest} characters", "card_length", path=path)
    return text_rules.message(text) if text else ""
