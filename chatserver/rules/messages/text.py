"""What people write: messages, the words a room says of itself, and whom a message calls.

The limits are the protocol's; a service hands in the settings' numbers where they differ. 0 is no limit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from chatserver.errors import PARAMS, Refusal, too_large
from chatserver.rules.accounts import handles
from chatserver.rules.text.characters import UNSPACED, is_flooded, is_mark, is_visible, script

LONGEST_TEXT: Final = 4_000
LONGEST_TEXT_BYTES: Final = 16_384
LONGEST_TITLE: Final = 60
LONGEST_ABOUT: Final = 500
LONGEST_TAG: Final = 24
MOST_TAGS: Final = 8
MOST_NAMES: Final = 50

_LINE_ENDS: Final = re.compile("\r\n?|[\u0085\u2028\u2029]")
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# An address is passed over whole, so that no @ in it is met.
_AFTER_AT: Final = re.compile(rf"(?:https?|ftp)://[!-~]+|[@＠]([^\s@＠]{{1,{2 * handles.LONGEST}}})", re.IGNORECASE)
_FENCE: Final = re.compile(r" {0,3}(`{3,})[^`]*$")
_FENCE_END: Final = re.compile(r" {0,3}(`{3,})\s*$")
_TICKS: Final = re.compile("`+")
_BEFORE_NO_CALL: Final = frozenset("/\\=&#")
_PATH: Final = frozenset("/\\")


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
    """What a room or the community is called, on one line: 1 to 60 characters. ``path`` is the field's name."""
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


def names_called(text: str) -> str:
    """What stands behind each @ that calls somebody, one name a line, at most 50, each once, in order; the room knows
    which of them are its members.

    A name is a folded word, then at which byte lengths a handle could end in it, the longest first: the longest that
    is a member's counts (``"bob.smith 9 3"``). Words of a script without spaces may follow at once (``@张三你好``), but
    not more of the same word (``@bobby`` does not call bob). Nobody is called by the @ of a mail address, in code, in
    an address, or in a path (``/@bob``, ``?u=@bob``, ``@bob/core``). Linear in the text, whatever it holds.
    """
    if "@" not in text and "＠" not in text:
        return ""
    names: dict[str, None] = {}
    for words in _outside_code(text):
        for found in _AFTER_AT.finditer(words):
            if found[1] and not _is_behind_word(words, found.start()):
                name = _name(handles.fold(found[1]))
                if name:
                    names[name] = None
                    if len(names) == MOST_NAMES:
                        return "\n".join(names)
    return "\n".join(names)


def _outside_code(text: str) -> Iterator[str]:
    """The text without fenced blocks, in pieces between them, and without code in a line: as the page shows it."""
    piece: list[str] = []
    fence, quoted = "", False
    for line in text.split("\n"):
        ticks = _FENCE.match(line)
        if fence:
            end = _FENCE_END.match(line)
            fence = "" if end and len(end[1]) >= len(fence) else fence
            continue
        starts_quote = line.startswith((">", "》"))
        if ticks or starts_quote != quoted:
            yield _without_code("\n".join(piece))
            piece, quoted = [], starts_quote
        if ticks:
            fence = ticks[1]
        else:
            piece.append(line)
    yield _without_code("\n".join(piece))


def _without_code(text: str) -> str:
    """Code between equal runs of ticks becomes a space. Each run is looked at once, which keeps it linear."""
    if "`" not in text:
        return text
    runs = [(run.start(), run.end()) for run in _TICKS.finditer(text)]
    following: dict[int, int] = {}
    closing: list[int] = [-1] * len(runs)
    for number in range(len(runs) - 1, -1, -1):
        length = runs[number][1] - runs[number][0]
        closing[number] = following.get(length, -1)
        following[length] = number
    kept, at, number = [], 0, 0
    while number < len(runs):
        if closing[number] >= 0:
            kept.append(text[at : runs[number][0]])
            number = closing[number]
            at = runs[number][1]
        number += 1
    return " ".join([*kept, text[at:]])


def _name(word: str) -> str:
    """The word up to its longest possible handle, and where handles could end in it; "" where none could."""
    word = word.split(None, 1)[0] if word.strip() else ""
    longest = range(min(len(word), handles.LONGEST), handles.SHORTEST - 1, -1)
    ends = [end for end in longest if _may_end(word, end)]
    if not ends:
        return ""
    return " ".join([word[: ends[0]], *(str(len(word[:end].encode())) for end in ends)])


def _is_behind_word(text: str, place: int) -> bool:
    """Whether the @ stands behind a letter or digit, as in a mail address, or within an address or a path. Scripts
    without spaces do not count, nor does a mark that makes words italic."""
    before = place
    while before and text[before - 1] == "_":
        before -= 1
    return _is_spaced(text[before - 1 : before]) or text[before - 1 : before] in _BEFORE_NO_CALL


def _may_end(word: str, end: int) -> bool:
    """Whether a handle can end here, or the reader would see a longer word."""
    after = word[end : end + 1]
    if word[end - 1] in handles.INNER or (after and is_mark(after)):
        return False
    if after == "_":
        after = word[end:].lstrip("_")[:1]
    if after in _PATH and word[end + 1 : end + 2].isalnum():
        return False
    return not (_is_spaced(after) and _is_spaced(word[end - 1]))


def _is_spaced(char: str) -> bool:
    """Whether a letter or digit of a script with spaces."""
    return bool(char) and char.isalnum() and script(char) not in UNSPACED


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
