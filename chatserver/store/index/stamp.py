"""What the tokens in an index depend on. One that was made by another version is made again."""

from __future__ import annotations

import unicodedata
from importlib import metadata

from chatserver.rules.text import tokens


def stamp(format: int) -> str:
    """``format`` is the engine's own version."""
    return f"{format} {tokens.VERSION} opencc {metadata.version('opencc')} unicode {unicodedata.unidata_version}"
