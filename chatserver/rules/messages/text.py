"""Rules for texts: messages, a room's title, description and tags, and the mentions in a message.

The limits are the protocol's; services pass the numbers of the settings. 0 means no limit.
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
LONGEST_TOPIC_TITLE: Final = 100
LONGEST_ABOUT: Final = 500
LONGEST_TAG: Final = 24
MOST_TAGS: Final = 8
MOST_NAMES: Final = 50

_LINE_ENDS: Final = re.compile("\r\n?|[\u0085\u2028\u2029]")
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ADDRESS: Final = re.compile(r"(?:https?|ftp)://[!-~]", re.IGNORECASE)
# A whole URL is skipped, so that an @ in it is not a mention.
_AFTER_AT: Final = re.compile(rf"(?:https?|ftp)://[!-~]+|[@＠]([^\s@＠]{{1,{2 * handles.LONGEST}}})", re.IGNORECASE)
_FENCE: Final = re.compile(r" {0,3}(`{3,})[^`]*$")
_FENCE_END: Final = re.compile(r" {0,3}(`{3,})\s*$")
_TICKS: Final = re.compile("`+")
_HEAD: Final = re.compile(r"#{1,6} +\S")
_ITEM: Final = re.compile(r" {0,12}(?:[-*•]|\d{1,9}[.)]) +\S")
_GOES_ON: Final = re.compile(r" {2,}\S")
_LINES, _QUOTE, _HEADING, _LIST = "lines", "quote", "heading", "list"
_BEFORE_NO_CALL: Final = frozenset("/\\=&#")
_PATH: Final = frozenset("/\\")


def message(
    text: str, *, characters: int = LONGEST_TEXT, size: int = LONGEST_TEXT_BYTES, may_be_empty: bool = False
) -> str:
    """The message as stored, with ``\\n`` for every line end.

    Raises ``Refusal`` for more than ``characters`` or ``size`` (bytes of UTF-8; too_large), control characters other
    than line end and tab, lone surrogates, and text without a visible character; "" if it ``may_be_empty``.
    """
    text = _clean(text, "text")
    if characters and len(text) > characters:
        raise too_large(f"Use at most {characters} characters", characters)
    if size and len(text) * 4 > size and len(text.encode()) > size:
        raise too_large(f"Use at most {size} bytes", size)
    if not ("!" <= text[:1] <= "~" or any(map(is_visible, text))):
        if may_be_empty:
            return ""
        raise _refusal("text", "empty", "The message is empty: write something")
    return text


def checked_title(text: str, *, path: str = "title") -> str:
    """The title of a room, or the community's name: one line, 1 to 60 characters. ``path`` is the field's name."""
    title = " ".join(_clean(text, path).split())
    if not any(map(is_visible, title)):
        raise _refusal(path, "empty", "Give the room a title" if path == "title" else "Give a name")
    return _on_the_wall(title, path, LONGEST_TITLE)


def topic_title(text: str) -> str:
    """The title of a topic: one line, 1 to 100 characters."""
    title = " ".join(_clean(text, "title").split())
    if not any(map(is_visible, title)):
        raise _refusal("title", "empty", "Give the topic a title")
    return _on_the_wall(title, "title", LONGEST_TOPIC_TITLE)


def checked_about(text: str, *, path: str = "about") -> str:
    """A description: up to 500 characters, line breaks allowed, may be empty. ``path`` is the field's name."""
    return _on_the_wall(_clean(text, path).strip(), path, LONGEST_ABOUT)


def checked_tags(tags: Sequence[str], *, path: str = "tags") -> list[str]:
    """The tags folded and each once, in order: at most 8 of at most 24 characters. ``path`` is the field's name."""
    folded = dict.fromkeys(fold_tag(tag) for tag in tags)
    if len(folded) > MOST_TAGS:
        raise _refusal(path, "count", f"Use at most {MOST_TAGS} tags")
    for tag in folded:
        if not any(char.isalnum() for char in tag) or _REFUSED.search(tag):
            raise _refusal(path, "characters", "A tag needs at least one letter or digit")
        _on_the_wall(tag, path, LONGEST_TAG)
    return list(folded)


def fold_tag(tag: str) -> str:
    """A tag as stored and searched: without #, NFKC, case-folded, ``-`` for white space."""
    composed = unicodedata.normalize("NFKC", _LINE_ENDS.sub(" ", tag)).casefold()
    return "-".join(composed.strip().lstrip("#").split())


def has_link(text: str) -> bool:
    """Whether a message contains an address that the page makes a link of."""
    return "://" in text and _ADDRESS.search(text) is not None


def names_called(text: str) -> str:
    """The names behind each @ that may be a mention: one per line, at most 50, each once, in order. The store looks up
    which of them are members.

    A name is a folded word and the byte lengths at which a handle could end in it, longest first: the longest that is a
    member's handle counts (``"bob.smith 9 3"``). In scripts without spaces other words may follow directly
    (``@张三你好``), otherwise not (``@bobby`` does not mention bob). An @ in a mail address, in code, in a URL or in a
    path (``/@bob``, ``?u=@bob``, ``@bob/core``) is not a mention. Linear in the length of the text.
    """
    if "@" not in text and "＠" not in text:
        return ""
    names: dict[str, None] = {}
    for words in outside_code(text):
        for found in _AFTER_AT.finditer(words):
            if found[1] and not _is_behind_word(words, found.start()):
                name = _name(handles.fold(found[1]))
                if name:
                    names[name] = None
                    if len(names) == MOST_NAMES:
                        return "\n".join(names)
    return "\n".join(names)


def outside_code(text: str) -> Iterator[str]:
    """The pieces of text between fenced code blocks, without inline code: as the page shows them. Quotes, headings and
    items of lists are pieces of their own, so that a backtick in one has no twin in another."""
    piece: list[str] = []
    fence, kind = "", _LINES
    for line in text.split("\n"):
        ticks = _FENCE.match(line)
        if fence:
            end = _FENCE_END.match(line)
            fence = "" if end and len(end[1]) >= len(fence) else fence
            continue
        before, kind = kind, _LINES if ticks else _kind(line, after=kind)
        if ticks or kind != before or kind == _HEADING or _ITEM.match(line):
            yield _without_code("\n".join(piece))
            piece = []
        if ticks:
            fence = ticks[1]
        else:
            piece.append(line)
    yield _without_code("\n".join(piece))


def _kind(line: str, *, after: str) -> str:
    """What kind of block the line belongs to, as in web/lib/tokenizer.js; set-in lines go on with an item."""
    if line.startswith((">", "》")):
        return _QUOTE
    if _HEAD.match(line):
        return _HEADING
    if _ITEM.match(line):
        return _LIST
    return _LIST if after == _LIST and _GOES_ON.match(line) else _LINES


def _without_code(text: str) -> str:
    """The text with inline code (between equal runs of backticks) replaced by a space. Linear: visits each run once."""
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
    """The word up to its longest possible handle, and where handles could end in it; "" if none could."""
    word = word.split(None, 1)[0] if word.strip() else ""
    longest = range(min(len(word), handles.LONGEST), handles.SHORTEST - 1, -1)
    ends = [end for end in longest if _may_end(word, end)]
    if not ends:
        return ""
    return " ".join([word[: ends[0]], *(str(len(word[:end].encode())) for end in ends)])


def _is_behind_word(text: str, place: int) -> bool:
    """Whether the @ follows a letter or digit, as in a mail address, or is within a URL or path. Letters of scripts
    without spaces do not count, nor does the ``_`` of italics."""
    before = place
    while before and text[before - 1] == "_":
        before -= 1
    return _is_spaced(text[before - 1 : before]) or text[before - 1 : before] in _BEFORE_NO_CALL


def _may_end(word: str, end: int) -> bool:
    """Whether a handle can end here; not if a reader would see a longer word."""
    after = word[end : end + 1]
    if word[end - 1] in handles.INNER or (after and is_mark(after)):
        return False
    if after == "_":
        after = word[end:].lstrip("_")[:1]
    if after in _PATH and word[end + 1 : end + 2].isalnum():
        return False
    return not (_is_spaced(after) and _is_spaced(word[end - 1]))


def _is_spaced(char: str) -> bool:
    """Whether this is a letter or digit of a script with spaces."""
    return bool(char) and char.isalnum() and script(char) not in UNSPACED


def _clean(text: str, path: str) -> str:
    if text.isprintable():  # true for nearly every text, and ten times as fast
        return text
    text = _LINE_ENDS.sub("\n", text)
    if _REFUSED.search(text):
        raise _refusal(path, "characters", "Remove the control characters")
    return text


def _on_the_wall(text: str, path: str, longest: int) -> str:
    """Check a text that everyone reads: limited length, no bidirectional overrides, no floods of marks."""
    if len(text) > longest:
        raise _refusal(path, "length", f"Use at most {longest} characters")
    if any(char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" for char in text):
        raise _refusal(path, "characters", "Remove characters that reverse the text")
    if is_flooded(text):
        raise _refusal(path, "marks", "Too many marks on one letter: remove some")
    return text


def _refusal(path: str, reason: str, message: str) -> Refusal:
    return Refusal(PARAMS, message, f"{path}_{reason}", path=path)
