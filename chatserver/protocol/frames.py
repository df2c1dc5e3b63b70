"""Builds WebSocket frames of the server: unmasked, one frame per message (RFC 6455, section 5.2).

A frame is built once per encoding and room, which makes fan-out cheap. A library that builds it per connection pays for
the head, and perhaps for compression, once per reader.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

TEXT: Final = 0x81
BINARY: Final = 0x82
_COMPRESSED: Final = 0x40


def frame(payload: bytes, *, text: bool, compressed: bool = False) -> bytes:
    """A complete data frame. ``compressed`` sets RSV1; the payload must then come from ``deflate``."""
    first = (TEXT if text else BINARY) | (_COMPRESSED if compressed else 0)
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def deflate(payload: bytes) -> bytes:
    """Compress one message without context takeover (RFC 7692, section 7.2.1)."""
    packer = zlib.compressobj(wbits=-15)
    data = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
    return data[:-4]
