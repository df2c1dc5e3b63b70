"""Small PNG files of the page: it has few colours, and with a palette a picture takes a third of the bytes."""

from __future__ import annotations

import base64
import struct
import zlib
from array import array
from collections import Counter

from playwright.async_api import Page

MOST = 256
LEAST = 60  # squared distance in RGB
# The browser unpacks the PNG that it made; the alpha of a page is always 255.
PIXELS = """async (png) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const bytes = canvas.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { width: image.width, height: image.height, pixels: btoa(text) };
}"""


async def packed(page: Page, png: bytes) -> bytes:
    """The picture with a palette. ``page`` is any page without a policy of its own."""
    read = await page.evaluate(PIXELS, base64.b64encode(png).decode())
    pixels = array("I", base64.b64decode(read["pixels"]))
    palette = _chosen(Counter(pixels))
    index = _nearest(palette, set(pixels))
    width, rows = read["width"], bytes(map(index.__getitem__, pixels))
    lines = b"".join(b"\0" + rows[at : at + width] for at in range(0, len(rows), width))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, read["height"], 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", b"".join(bytes(_rgb(colour)) for colour in palette))
        + _chunk(b"IDAT", zlib.compress(lines, 9))
        + _chunk(b"IEND", b"")
    )


def _chosen(counted: Counter[int]) -> list[int]:
    """The most frequent colours that differ visibly from those chosen before, so that rare hues have their place."""
    chosen: list[int] = []
    for colour, _ in counted.most_common():
        if len(chosen) < MOST and all(_distance(colour, other) >= LEAST for other in chosen):
            chosen.append(colour)
    return chosen


def _nearest(palette: list[int], colours: set[int]) -> dict[int, int]:
    """For every colour the place of the nearest one of the palette."""
    found = {colour: place for place, colour in enumerate(palette)}
    for colour in colours - found.keys():
        distances = [_distance(colour, other) for other in palette]
        found[colour] = distances.index(min(distances))
    return found


def _distance(one: int, other: int) -> int:
    (r, g, b), (s, h, c) = _rgb(one), _rgb(other)
    return (r - s) ** 2 + (g - h) ** 2 + (b - c) ** 2


def _rgb(colour: int) -> tuple[int, int, int]:
    return colour & 255, colour >> 8 & 255, colour >> 16 & 255


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
