"""What people write: messages, the words a room says of itself, and whom a message calls.

The limits are the protocol's; a desk hands in the settings' numbers where they differ. 0 is no limit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from chatserver.errors import PARAMS, Refusal, too_large
from chatserver.rules import handles
from chatserver.rules.characters import UNSPACED, is_flooded, is_mark, is_visible, script

LONGEST_TEXT: Final = 4_000
LONGEST_TEXT_BYTES: Final = 16_384
LONGEST_TITLE: Final = 60
LONGEST_ABOUT: Final = 500
LONGEST_TAG: Final = 24
MOST_TAGS: Final = 8

_LINE_ENDS: Final = re.compile("\r\n?|[\u0085\u2028\u2029]")
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_AFTER_AT: Final = re.compile(rf"[@＠]([^\s@＠]{{1,{2 * handles.LONGEST}}})")


def message(text: str, *, characters: int = LONGEST_TEXT, size: int = LONGEST_TEXT_BYTES) -> str:
    """The message as it is stored, with ``\\n`` for every line end.

    Refused: more than ``characters`` or ``size`` (bytes of UTF-8; too_large), controls other than line end and
    tab, halves of surrogate pairs, and what nobody could see.
    """
    text = _clean(text, "text")
    if characters and len(text) > characters:
        raise too_large(f"At most {characters} characters", characters)
    if size and len(text) * 4 > size and len(text.encode()) > size:
        raise too_large(f"At most {size} bytes", size)
    if not ("!" <= text[:1] <= "~" or any(map(is_visible, text))):
        raise _refusal("text", "empty", "Write something first")
    return text


def checked_title(text: str, *, path: str = "title") -> str:
    """What a room or the house is called, on one line: 1 to 60 characters. ``path`` is the field's name."""
    title = " ".join(_clean(text, path).split())
    if not any(map(is_visible, title)):
        raise _refusal(path, "empty", "A room needs a title" if path == "title" else "It needs a name")
    return _on_the_wall(title, path, LONGEST_TITLE)


def checked_about(text: str, *, path: str = "about") -> str:
    """What a room says of itself: up to 500 characters, lines allowed, may be empty. ``path`` is the field's name."""
    return _on_the_wall(_clean(text, path).strip(), path, LONGEST_ABOUT)


def checked_tags(tags: Sequence[str], *, path: str = "tags") -> list[str]:
    """The tags folded and each once, in order: at most 8 of at most 24 characters. ``path`` is the field's name."""
    folded = dict.fromkeys(fold_tag(tag) for tag in tags)
    if len(folded) > MOST_TAGS:
        raise _refusal(path, "count", f"At most {MOST_TAGS} tags")
    for tag in folded:
        if not any(char.isalnum() for char in tag) or _REFUSED.search(tag):
            raise _refusal(path, "characters", "A tag has at least one letter or digit")
        _on_the_wall(tag, path, LONGEST_TAG)
    return list(folded)


def fold_tag(tag: str) -> str:
    """A tag as it is stored and looked for: without #, NFKC, case-folded, ``-`` for white space."""
    composed = unicodedata.normalize("NFKC", _LINE_ENDS.sub(" ", tag)).casefold()
    return "-".join(composed.strip().lstrip("#").split())


def mentions(text: str, members: Mapping[str, str]) -> list[str]:
    """The ids of the members that the text calls, each once, in order.

    ``members`` maps folded handles to user ids. After an @ the longest handle counts. Words of a script without
    spaces may follow at once (``@张三你好``), but not more of the same word (``@bobby`` does not call bob), and the @
    of a mail address calls nobody. Linear in the text, whatever it holds.
    """
    called: dict[str, None] = {}
    if not members:
        return []
    for found in _AFTER_AT.finditer(text):
        if not _within_word(text, found.start()):
            user = _called(handles.fold(found[1]), members)
            if user:
                called[user] = None
    return list(called)


def _called(word: str, members: Mapping[str, str]) -> str:
    for end in range(min(len(word), handles.LONGEST), handles.SHORTEST - 1, -1):
        user = members.get(word[:end])
        if user and _may_end(word, end):
            return user
    return ""


def _within_word(text: str, place: int) -> bool:
    """Whether the @ stands behind a letter or digit, as in a mail address; scripts without spaces do not count."""
    return _goes_on(text[place - 1 : place])


def _may_end(word: str, end: int) -> bool:
    """Whether a handle can end here, or the reader would see a longer word."""
    after = word[end : end + 1]
    if after and is_mark(after):
        return False
    return not (_goes_on(after) and _goes_on(word[end - 1]))


def _goes_on(char: str) -> bool:
    """Whether a letter of a script with spaces."""
    return bool(char) and (char == "_" or char.isalnum()) and script(char) not in UNSPACED


def _clean(text: str, path: str) -> str:
    if text.isprintable():  # nearly every text, and ten times as fast to ask
        return text
    text = _LINE_ENDS.sub("\n", text)
    if _REFUSED.search(text):
        raise _refusal(path, "characters", "Control characters cannot stand here")
    return text


def _on_the_wall(text: str, path: str, longest: int) -> str:
    """Words that everyone reads: of limited length, without bidirectional overrides and floods of marks."""
    if len(text) > longest:
        raise _refusal(path, "length", f"At most {longest} characters")
    if any(char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" for char in text):
        raise _refusal(path, "characters", "Characters that turn the line around cannot stand here")
    if is_flooded(text):
        raise _refusal(path, "marks", "Too many marks on one letter")
    return text


def _refusal(path: str, reason: str, message: str) -> Refusal:
    return Refusal(PARAMS, message, f"{path}_{reason}", path=path)
