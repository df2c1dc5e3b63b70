"""File names as they are stored and shown: only the last part of a path, without anything invisible."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chatserver.rules.text.characters import is_blank, is_unknown

LONGEST: Final = 120
WITHOUT_NAME: Final = "file"
_ENDING: Final = re.compile(r"\.[^.\s]{1,16}$")


def checked(name: str) -> str:
    """The name as stored: 1 to 120 characters on one line. A browser may send a whole path; what is invisible, such as
    the mark that turns the order of letters (``cod\\u202egpj.exe``), is left out."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if char.isspace() else char for char in last if _stays(char))
    words = " ".join(seen.split()).strip(" .")
    if len(words) <= LONGEST:
        return words or WITHOUT_NAME
    ending = _ENDING.search(words)
    kept = ending.group() if ending else ""
    return words[: LONGEST - len(kept)].rstrip(" .") + kept


def _stays(char: str) -> bool:
    return char.isspace() or not (is_blank(char) or is_unknown(char))
