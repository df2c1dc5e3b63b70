"""Pictures and films that tests send, and what is hidden in them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

MAKER = "Ricksoft Cam 9"
HIDDEN = MAKER.encode()
PLACE = b"+51.5007-000.1246/"


def encoded(picture: Image.Image, kind: str, **more: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **more)
    return file.getvalue()


def colours(width: int, height: int) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).convert("RGB")


def photo(width: int = 2000, height: int = 1000) -> bytes:
    """A photo from a phone held upright: turned by its EXIF, with the camera and the place in it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = MAKER, 6
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 2.5)
    return encoded(colours(width, height), "JPEG", exif=exif, comment=HIDDEN) + HIDDEN


def plaid(number: int) -> bytes:
    """A picture unlike the others."""
    squares = Image.frombytes("RGB", (4, 4), bytes((97 * number * at) % 256 for at in range(48)))
    return encoded(squares.resize((600, 400), Image.Resampling.NEAREST), "PNG")


def moving(frames: int = 3) -> bytes:
    pictures = [Image.new("RGB", (64, 48), (80 * number, 0, 99)) for number in range(frames)]
    return encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=80, comment=HIDDEN)


def bomb() -> bytes:
    """48 KB that open to 400 million pixels."""
    edge = 20_000
    rows = zlib.compress(bytes((1 + edge // 8) * edge), 9)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, *content: bytes) -> bytes:
    return box(kind, bytes(4), *content)


def _track(handler: bytes, *tables: bytes) -> bytes:
    about = _full(b"hdlr", bytes(4), handler, bytes(12))
    return box(b"trak", box(b"mdia", about, box(b"minf", box(b"stbl", *tables))))


def film(*, handler: bytes = b"vide", brand: bytes = b"isom") -> bytes:
    """A film with the place in its notes, in a track of timed notes, and in what was free."""
    start = box(b"ftyp", brand, bytes(4))
    samples = b"frame one" + PLACE + b"frame two"
    place = len(start) + 8 + samples.index(PLACE)
    notes = _track(
        b"meta",
        _full(b"stsz", struct.pack(">II", 0, 2), struct.pack(">II", 10, len(PLACE) - 10)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, 2, 1)),
        _full(b"stco", struct.pack(">II", 1, place)),
    )
    words = box(b"udta", box(b"\xa9xyz", PLACE), box(b"\xa9mak", HIDDEN))
    movie = box(b"moov", _track(handler), notes, words, _full(b"meta", HIDDEN))
    return start + box(b"mdat", samples) + movie + box(b"free", HIDDEN) + box(b"uuid", HIDDEN)
