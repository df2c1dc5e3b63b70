"""Raw HTTP requests, without a client library that would normalise them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
from multidict import CIMultiDict

from tests.people import PATIENCE

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@dataclass(slots=True, frozen=True)
class Answer:
    status: int
    headers: CIMultiDict[str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def ask(url: str, target: str, method: str = "GET", *, body: bytes = b"", **headers: str) -> Answer:
    """One request with its ``target`` unchanged; ``headers`` by name with _ for the dash. A 101 has no body."""
    host, _, port = url.removeprefix("http://").partition(":")
    given = {"Host": f"{host}:{port}", "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    if body and "Transfer-Encoding" not in given:
        given["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
            said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = said.rstrip().split("\r\n")
            answered = CIMultiDict(line.split(": ", 1) for line in lines)
            status = int(first.split()[1])
            has_body = method != "HEAD" and status not in {101, 304}
            size = int(answered.get("Content-Length", "0")) if has_body else 0
            return Answer(status, answered, await reader.readexactly(size))
    finally:
        writer.close()


async def post(url: str, method: str, params: Any = None, **headers: str) -> Answer:
    """One call of the HTTP API; ``params`` are sent as JSON unless they are bytes or missing."""
    body = params if isinstance(params, bytes) else b"" if params is None else msgspec.json.encode(params)
    if body:
        headers.setdefault("Content_Type", "application/json")
    return await ask(url, f"/api/{method}", "POST", body=body, **headers)


async def knock(url: str, **headers: str) -> Answer:
    """A WebSocket handshake and what is answered to it; the socket is left at once."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask(url, "/ws", **{**HANDSHAKE, **given})
