"""What a file is, by its first bytes. What its sender claims is never asked.

Files that are not sent as they are (``keep``) must be of a kind that the server reads: pictures, which it writes again,
and recordings and films, in which it blanks place and device.
"""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 4096
UNKNOWN: Final = "application/octet-stream"
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
FILMS: Final = frozenset({"video/mp4", "video/quicktime", "audio/mp4"})
AS_THEY_ARE: Final = frozenset({"video/webm", "audio/webm", "video/ogg", "audio/ogg"})

_STARTS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: Final = {
    b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic", b"heix": "image/heic", b"hevc": "image/heic", b"mif1": "image/heic", b"msf1": "image/heic",
}  # fmt: skip
_FILM_IN_WEBM: Final = (b"V_VP", b"V_AV1")
_FILM_IN_OGG: Final = (b"theora", b"\x80kate")


def found(head: bytes) -> str:
    """The media type of a file that begins with ``head`` (``HEAD_BYTES``, or the whole file)."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _matroska(head)
    if head[:4] == b"OggS":
        return "video/ogg" if any(mark in head for mark in _FILM_IN_OGG) else "audio/ogg"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6):
        return "audio/mpeg"
    return "text/plain" if _is_text(head) else UNKNOWN


def _matroska(head: bytes) -> str:
    if b"webm" not in head[:64]:
        return "video/x-matroska"
    return "video/webm" if any(mark in head for mark in _FILM_IN_WEBM) else "audio/webm"


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; its last character may be cut."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(head) < HEAD_BYTES:
            return False
        text = head[: error.start].decode()
    return bool(text) and not any(char < " " and char not in "\t\n\r\f" for char in text)
