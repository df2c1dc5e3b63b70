"""Files as a client sends and fetches them: plain HTTP, and what the protocol says of /files."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientResponse, ClientSession

from tests.people import Person, Refused

PART = {"Content-Type": "application/offset+octet-stream"}


def _signed(person: Person | None, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}", **headers} if person is not None else headers


@contextlib.asynccontextmanager
async def asking(
    method: str, url: str, person: Person | None = None, body: Any = None, **headers: str
) -> AsyncIterator[ClientResponse]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with ClientSession() as session:
        given = {"json": body} if isinstance(body, dict) else {"data": body}
        async with session.request(method, url, headers=_signed(person, **named), **given) as answer:
            yield answer


async def begin(person: Person, room: str = "hall", size: int = 1, url: str = "", **said: Any) -> str:
    """Begin an upload; gives its path. Raises ``Refused``."""
    asked = {"for": "message", "room": room, "name": "notes.txt", "size": size, "type": "text/plain", **said}
    async with asking("POST", (url or person.url) + "/files", person, asked) as answer:
        body = await answer.json()
        if answer.status != 201:
            raise Refused(body["error"])
        assert answer.headers["Location"] == f"/files/{body['file']['id']}"
        return str(answer.headers["Location"])


async def append(person: Person, path: str, body: bytes, offset: int = 0, url: str = "") -> tuple[int, int, Any]:
    """Send a part: the status, Upload-Offset and the body."""
    headers = {"Upload_Offset": str(offset), "Content_Type": PART["Content-Type"]}
    async with asking("PATCH", (url or person.url) + path, person, body, **headers) as answer:
        said = await answer.json() if answer.content_type == "application/json" else None
        return answer.status, int(answer.headers.get("Upload-Offset", -1)), said


async def upload(person: Person, body: bytes, room: str = "hall", **said: Any) -> dict[str, Any]:
    """Upload a file in one part; gives the File. Raises ``Refused``."""
    path = await begin(person, room, len(body), **{"keep": True, **said})
    status, _, told = await append(person, path, body)
    if status != 200:
        raise Refused(told["error"])
    return dict(told["file"])


async def fetch(
    url: str, file: str, person: Person | None = None, size: str = "", method: str = "GET", **headers: str
) -> tuple[int, Any, bytes]:
    """GET a file: status, headers and body."""
    query = f"?size={size}" if size else ""
    async with asking(method, f"{url}/files/{file}{query}", person, **headers) as answer:
        return answer.status, answer.headers, await answer.read()
