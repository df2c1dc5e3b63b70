"""Which emoji can be reactions: those of emoji.txt, Unicode's recommended list without flags, one spelling of each.

The list has them fully qualified. The same emoji with or without its variation selectors (U+FE0F) is one.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final

from chatserver import errors
from chatserver.errors import Refusal

LIST: Final = Path(__file__).with_name("emoji.txt")
_SELECTOR: Final = "\ufe0f"


@cache
def _spellings() -> dict[str, str]:
    """Each emoji of the list, by its spelling without variation selectors."""
    return {_bare(emoji): emoji for emoji in LIST.read_text("utf-8").split()}


def _bare(emoji: str) -> str:
    return emoji.replace(_SELECTOR, "")


def qualified(text: str) -> str:
    """The emoji as stored. Raises ``Refusal`` emoji_unknown if it is not in the list."""
    emoji = _spellings().get(_bare(text))
    if emoji is None:
        raise _unknown()
    return emoji


def allowed(text: str, off: Collection[str] = ()) -> str:
    """The emoji as stored, if people may react with it: none of ``off``. Raises ``Refusal`` emoji_unknown."""
    emoji = qualified(text)
    if off and _bare(emoji) in {_bare(one) for one in off}:
        raise _unknown()
    return emoji


def _unknown() -> Refusal:
    return Refusal(
        errors.PARAMS, "Not an emoji for reactions: use one of Unicode's recommended list, no flags", "emoji_unknown",
        path="emoji",
    )  # fmt: skip
