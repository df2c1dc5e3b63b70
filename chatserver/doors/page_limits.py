"""``web/lib/limits.js``: how long texts may be, for the page, made from the rules by ``make docs``.

The page has no build step, so the file is checked in; a test holds that it is what the rules say.
"""

from __future__ import annotations

import sys
from pathlib import Path

from chatserver.rules.accounts import handles, names, profiles
from chatserver.rules.friends import cards
from chatserver.rules.friends.tie import Numbers
from chatserver.rules.messages import text


def longest() -> dict[str, int]:
    """What the page calls a text, and its most characters of Unicode."""
    return {
        "about": text.LONGEST_ABOUT,
        "answer": Numbers().answer_characters,
        "cardLine": cards.LONGEST,
        "handle": handles.LONGEST,
        "headline": names.LONGEST_HEADLINE,
        "homeTown": profiles.LONGEST_HOME_TOWN,
        "name": names.LONGEST_NAME,
        "note": cards.LONGEST_NOTE,
        "title": text.LONGEST_TITLE,
        "topicTitle": text.LONGEST_TOPIC_TITLE,
        "wish": cards.LONGEST_WISH,
    }


def script() -> str:
    lines = "".join(f'  {name}: "{most}",\n' for name, most in longest().items())
    said = "/** Made by `make docs` from chatserver/rules: how long texts may be, in characters of Unicode. */\n"
    return f"{said}export const LONGEST = Object.freeze({{\n{lines}}});\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(script(), encoding="utf-8")
