"""A room full of pictures for the bench of the page: each one another, as large as a phone sends them."""

from __future__ import annotations

import asyncio
import io
import json
import os

import aiohttp
from PIL import Image

from bench.sides import Side

SIZE = (1600, 1200)
QUALITY = 80
AT_ONCE = 4


async def hang(home: Side, room: str, count: int) -> None:
    """Send ``count`` messages with a picture each; their texts end in their numbers."""
    headers = {"Authorization": f"Bearer {home.tokens[0]}"}
    base = f"http://127.0.0.1:{home.port}"
    async with aiohttp.ClientSession(base, headers=headers, raise_for_status=True) as session:
        await session.post("/api/room.join", json={"room": room})
        places = asyncio.Semaphore(AT_ONCE)

        async def upload(number: int) -> str:
            async with places:
                return await _upload(session, room, number)

        files = await asyncio.gather(*map(upload, range(count)))
        for number, file in enumerate(files):
            said = {"room": room, "text": f"What I saw ({number})", "client_id": os.urandom(8).hex()}
            await session.post("/api/message.send", json={**said, "attachments": [file]})


async def _upload(session: aiohttp.ClientSession, room: str, number: int) -> str:
    body = await asyncio.to_thread(_drawn, number)
    begun = {"for": "message", "room": room, "name": f"{number}.jpg", "size": len(body), "type": "image/jpeg"}
    answer = await session.post("/files", json=begun)
    file: str = json.loads(await answer.read())["file"]["id"]
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    await session.patch(f"/files/{file}", data=body, headers=headers)
    return file


def _drawn(number: int) -> bytes:
    """Clouds of a colour of their own, which pack as a photo does."""
    coarse = Image.frombytes("RGB", (32, 24), os.urandom(32 * 24 * 3)).resize(SIZE, Image.Resampling.BICUBIC)
    tint = Image.new("RGB", SIZE, (number * 37 % 256, number * 91 % 256, number * 53 % 256))
    kept = io.BytesIO()
    Image.blend(coarse, tint, 0.4).save(kept, "JPEG", quality=QUALITY)
    return kept.getvalue()
