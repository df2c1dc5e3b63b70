"""Which links of a message get a preview, and what a preview says, from the head of the page that was fetched.

The page is written by somebody unknown, so everything here is bounded and treats it as text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from msgspec import Struct

from chatserver.rules.files import names
from chatserver.rules.messages.text import outside_code

MOST_LINKS: Final = 2
LONGEST_LINK: Final = 2_000
LONGEST_TITLE: Final = 200
LONGEST_SITE: Final = 60
LONGEST_TEXT: Final = 300
LONGEST_HEAD: Final = 524_288
"""Bytes of a page in which its head is looked for: some large sites put their titles behind 400 KB of scripts."""

LONGEST_PICTURE: Final = 5_000_000
"""Bytes of the picture of a page as its server sends it; of a larger one nothing is shown."""
LEAST_EDGE: Final = 48
"""Pixels; what is smaller counts readers or is a sign beside words."""

_SPOILER: Final = re.compile(r"(?:\|\||｜｜).*?(?:\|\||｜｜)", re.DOTALL)
_SCHEME: Final = re.compile(r"(?<![^\W_])https?://", re.IGNORECASE | re.ASCII)
# As web/lib/links.js reads them: an address ends at the first full-width sign or Han character, but Han deeper in the
# path belongs to it.
_HAN_RANGES: Final = "\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_HAN: Final = re.compile(f"[{_HAN_RANGES}]")
_CJK: Final = re.compile(f"[{_HAN_RANGES}\u2e80-\u303f\u3100-\u312f\u31a0-\u31bf\ufe30-\ufe4f\uff00-\uffef]")
_STOPS: Final = re.compile(
    '[\\s<>"`*|\\\\^{}\u00ab\u00bb\u061c\u200b\u200e\u200f\u2018-\u201f\u2026\u202a-\u202e\u2060-\u206f]'
)
_TRAILING: Final = ".,;:!?'_~"
_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_HEAD_END: Final = re.compile(rb"</head\s*>|<body[\s>]", re.IGNORECASE)
_SLICE: Final = 16_384


def previewed(text: str) -> list[str]:
    """The first two different web addresses of a message, as a reader sees them: none in code, in a spoiler or between
    ``<`` and ``>``. Linear in the length of the text."""
    if "://" not in text:
        return []
    found: dict[str, None] = {}
    for words in outside_code(text):
        for url in _addresses(_SPOILER.sub(" ", words)):
            if len(url) <= LONGEST_LINK and is_web_address(url):
                found[url] = None
                if len(found) == MOST_LINKS:
                    return list(found)
    return list(found)


def _addresses(text: str) -> Iterator[str]:
    at = 0
    while scheme := _SCHEME.search(text, at):
        at = _end(text, scheme.end())
        if text[scheme.start() - 1 : scheme.start()] != "<":
            yield _trimmed(text[scheme.start() : at])


def _end(text: str, start: int) -> int:
    """Where the address ends whose host begins at ``start``."""
    slashes, in_han, at = 0, False, start
    while at < len(text) and not _STOPS.match(text[at]):
        char = text[at]
        slashes += char == "/"
        if _CJK.match(char):
            in_han = bool(_HAN.match(char)) and (in_han or (slashes > 1 and text[at - 1] in "/=-_"))
            if not in_han:
                break
        else:
            in_han = False
        at += 1
    return at


def _trimmed(url: str) -> str:
    """Without the full stops and closing brackets that belong to the sentence."""
    depth = sum((char in "([") - (char in ")]") for char in url)
    end = len(url)
    while end:
        if url[end - 1] in ")]" and depth < 0:
            depth += 1
        elif url[end - 1] not in _TRAILING:
            break
        end -= 1
    return url[:end]


def is_web_address(url: str) -> bool:
    """Whether this is a web address of a host, without a name or password before the host."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


class PageWords(Struct, frozen=True):
    """What a page says of itself. ``picture`` is the address of its picture, "" for none."""

    title: str
    site: str
    text: str
    picture: str


def decoded(body: bytes, charset: str) -> str:
    """A page's head as text: in the charset of the answer, else that of the page, else UTF-8, else GB18030. Many
    Chinese pages are still GBK, and say so only in the page."""
    head = body[:LONGEST_HEAD]
    end = _HEAD_END.search(head)
    head = head[: end.start()] if end else head
    said = _CHARSET.search(head[:4096])
    for name in (charset, said[1].decode() if said else "", "utf-8", "gb18030"):
        try:
            # Not final: what was cut off may end within a character.
            "".encode(name)  # refuses what is no charset, such as rot13
            return codecs.getincrementaldecoder(name)("strict").decode(head)
        except (LookupError, UnicodeError):
            continue
    return head.decode("utf-8", "replace")


def slices(head: str) -> Iterator[str]:
    """A head in parts, so that whoever reads it can let other work run in between."""
    return (head[at : at + _SLICE] for at in range(0, len(head), _SLICE))


class HeadReader(HTMLParser):
    """Reads the head of a page: feed it, then ask for its ``words``. It never raises."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._said: dict[str, str] = {}
        self._title: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title" and not self._title
        if tag == "meta":
            given = {name: value or "" for name, value in attrs}
            name = (given.get("property") or given.get("name") or "").lower()
            if name and name not in self._said and len(self._said) < 200:
                self._said[name] = given.get("content", "")[:LONGEST_LINK]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self._title) < 20:
            self._title.append(data[: 2 * LONGEST_TITLE])

    def words(self, url: str) -> PageWords | None:
        """What the page at this address says of itself; None without a title."""
        said = self._said.get
        title = _line(said("og:title") or said("twitter:title") or "".join(self._title), LONGEST_TITLE)
        if not title:
            return None
        text = _line(said("og:description") or said("description") or said("twitter:description") or "", LONGEST_TEXT)
        site = _line(said("og:site_name") or "", LONGEST_SITE) or (urlsplit(url).hostname or "").removeprefix("www.")
        picture = _address(url, said("og:image:secure_url") or said("og:image") or said("twitter:image") or "")
        return PageWords(title, site[:LONGEST_SITE], text, picture)


def picture_name(url: str) -> str:
    """What the picture at this address is called as a file."""
    return names.checked(unquote(urlsplit(url).path) or "picture")


def _address(base: str, given: str) -> str:
    try:
        picture = urljoin(base, given.strip()) if given.strip() else ""
    except ValueError:
        return ""
    return picture if len(picture) <= LONGEST_LINK and is_web_address(picture) else ""


def _line(text: str, longest: int) -> str:
    """One line without characters that are unseen or reverse it, cut at a limit."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
