"""Pictures in the child process: reads what was sent, and writes it again in up to three sizes as WebP.

Nothing of the sent file stays: no place, no camera, no comment, nothing behind its end, because only pixels are carried
over, in the right orientation and in sRGB. ``chatserver/workers/child.py`` calls this within limits on memory and time.
"""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import warnings
from dataclasses import dataclass
from typing import IO, Any, Final

from PIL import Image, ImageCms, ImageOps, ImageSequence

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
SIZES: Final = {"file": 2560, "large": 1600, "small": 480}
"""The longest edge of each size, largest first; a picture may be given less."""
DECODED_PIXELS: Final = 100_000_000
"""Most pixels of all frames together that are read of an animation; of a larger one fewer frames are kept."""
WRITTEN_PIXELS: Final = {"file": 20_000_000, "large": 20_000_000, "small": 6_000_000}
"""Most pixels of all frames together that are written of an animation; a longer one gets smaller."""
PREVIEW_EDGES: Final = (24, 20, 16, 12, 8)
PREVIEW_BYTES: Final = 300
_START: Final = "data:image/webp;base64,"
_QUALITY: Final = 80
_LEAST_MS, _MOST_MS, _USUAL_MS = 20, 60_000, 100


class Unreadable(Exception):  # not a fault of ours
    """It is no picture that is taken."""


@dataclass(slots=True)
class Written:
    """What was written: the largest size in pixels, the names of the sizes, and the preview ("" if none fits)."""

    width: int
    height: int
    sizes: list[str]
    preview: str


def write(source: IO[bytes], outputs: dict[str, IO[bytes]], *, most_pixels: int, edge: int, frames: int) -> Written:
    """Write the picture in ``source`` into ``outputs``, by the names of ``SIZES``, with at most ``edge`` pixels and
    ``frames``; a size that would be no smaller than a larger one is left out. Raises ``Unreadable``."""
    edges = {name: min(edge, usual) for name, usual in SIZES.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _write(source, outputs, most_pixels, edges, frames)
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, KeyError, ArithmeticError,
            Image.DecompressionBombError, Warning) as error:  # fmt: skip
        raise Unreadable(str(error)) from error


def _write(
    source: IO[bytes], outputs: dict[str, IO[bytes]], most_pixels: int, edges: dict[str, int], frames: int
) -> Written:
    Image.MAX_IMAGE_PIXELS = most_pixels
    with Image.open(source, formats=FORMATS) as picture:
        if picture.width * picture.height > most_pixels:
            raise Unreadable("too many pixels")
        if frames > 1 and getattr(picture, "is_animated", False):
            return _animated(picture, outputs, edges, frames)
        picture.draft("RGB", (edges["file"], edges["file"]))
        return _still(_upright(picture), outputs, edges)


# --- one picture -----------------------------------------------------------------------------------------------------


def _upright(picture: Image.Image) -> Image.Image:
    """The pixels, turned as the camera was held, in sRGB, and nothing else."""
    turned = ImageOps.exif_transpose(picture)
    clean = _in_srgb(turned, picture.info.get("icc_profile"))
    clean.info = {}
    return clean


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if profile and picture.mode in {"RGB", "RGBA", "CMYK", "L"} and not (picture.mode == "CMYK" and mode == "RGBA"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            output = mode if picture.mode != "L" else "L"
            changed = ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"),
                outputMode=output if output != "L" else None,
            )  # fmt: skip
            if changed is not None:
                return changed.convert(mode)
    if picture.mode.startswith(("I", "F")):
        return _eight_bits(picture).convert(mode)
    return picture.convert(mode)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A picture of 16 bits in 8: converting it directly would cut off all that is bright."""
    return picture.convert("I").point(lambda value: value / 257).convert("L")


def _still(picture: Image.Image, outputs: dict[str, IO[bytes]], edges: dict[str, int]) -> Written:
    written: list[str] = []
    last = picture
    for name, edge in edges.items():
        smaller = _shrunk(last, edge)
        if written and smaller.size == last.size:
            continue
        last = smaller
        _save(last, outputs[name])
        written.append(name)
    return Written(*_fitting(picture.size, edges["file"]), written, preview_of(last))


def _shrunk(picture: Image.Image, edge: int) -> Image.Image:
    """The picture with its longest edge at most ``edge``; the same object if it is small enough."""
    if max(picture.size) <= edge:
        return picture
    return picture.resize(_fitting(picture.size, edge), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _fitting(size: tuple[int, int], edge: int) -> tuple[int, int]:
    scale = min(1.0, edge / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _save(picture: Image.Image, output: IO[bytes], *, method: int = 3, **more: Any) -> None:
    picture.save(output, "WEBP", quality=_QUALITY, method=method, icc_profile=b"", exif=b"", xmp=b"", **more)


def preview_of(picture: Image.Image) -> str:
    """A tiny WebP as a data URI of at most 300 bytes; "" if even the smallest is larger."""
    for edge in PREVIEW_EDGES:
        tiny = io.BytesIO()
        small = picture.resize(_fitting(picture.size, edge), Image.Resampling.BOX)
        small.save(tiny, "WEBP", quality=20, method=6, icc_profile=b"", exif=b"", xmp=b"")
        text = _START + base64.b64encode(tiny.getvalue()).decode()
        if len(text) <= PREVIEW_BYTES:
            return text
    return ""


# --- an animation ----------------------------------------------------------------------------------------------------


def _animated(picture: Any, outputs: dict[str, IO[bytes]], edges: dict[str, int], most: int) -> Written:
    """All sizes of an animation. It is read once; in memory are its frames in the largest size that is written."""
    count = max(1, min(picture.n_frames, most, DECODED_PIXELS // (picture.width * picture.height)))
    largest = _fitting_all(picture.size, edges["file"], count, WRITTEN_PIXELS["file"])
    frames, times = _read(picture, count, largest)
    written: list[str] = []
    for name, edge in edges.items():
        size = _fitting_all(largest, edge, count, WRITTEN_PIXELS[name])
        if written and size == frames[0].size:
            continue
        frames = [_sized(frame, size) for frame in frames]
        _save(
            frames[0], outputs[name], method=0, save_all=True, append_images=frames[1:], duration=times,
            loop=picture.info.get("loop", 0),
        )  # fmt: skip
        written.append(name)
    return Written(*largest, written, preview_of(frames[0]))


def _fitting_all(size: tuple[int, int], edge: int, count: int, budget: int) -> tuple[int, int]:
    """The size of each frame with which all of them together stay within ``budget`` pixels."""
    width, height = _fitting(size, edge)
    scale = min(1.0, (budget / (width * height * count)) ** 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))


def _read(picture: Any, count: int, size: tuple[int, int]) -> tuple[list[Image.Image], list[int]]:
    """The first frames in this size, and how long each is shown (ms)."""
    frames, times = [], []
    for frame in itertools.islice(ImageSequence.Iterator(picture), count):
        shown = frame.info.get("duration", _USUAL_MS) or _USUAL_MS
        times.append(int(min(_MOST_MS, max(_LEAST_MS, shown))))
        clean = _sized(frame.convert("RGBA"), size)
        clean.info = {}
        frames.append(clean)
    return frames, times


def _sized(frame: Image.Image, size: tuple[int, int]) -> Image.Image:
    return frame if frame.size == size else frame.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
