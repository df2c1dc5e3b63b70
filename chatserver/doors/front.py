"""The front: all HTTP routes on one port, and the drain at the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from chatserver.doors.api import Api
from chatserver.doors.authentication import Authentication
from chatserver.doors.files import FILE_POLICY, Files
from chatserver.doors.gate import Gate
from chatserver.doors.metrics import CONTENT_TYPE, Metrics
from chatserver.doors.pages import SECURITY_HEADERS, Pages
from chatserver.doors.socket import Sockets
from chatserver.live.hub import Hub
from chatserver.protocol import closing
from chatserver.protocol.schema import openapi, openrpc

log = logging.getLogger(__name__)
_ALWAYS: Final = {**SECURITY_HEADERS, "Server": "chatserver"}
_ALLOWED: Final = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Retry-After, Location, Upload-Offset, Upload-Length",
}
_FOR_OTHERS: Final = ("/api/", "/files")
"""Paths that pages of ``server.origins`` may use."""
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Upload-Offset, X-HTTP-Method-Override",
    "Access-Control-Max-Age": "600",
}


class Front:
    """Builds the aiohttp application. ``ready()`` gives the reason why the server is not ready, or ""."""

    def __init__(
        self, *, gate: Gate, sockets: Sockets, api: Api, files: Files, pages: Pages, metrics: Metrics,
        authentication: Authentication, hub: Hub,
        ready: Callable[[], str], metrics_for: str, body_bytes: int, hurry: asyncio.Event,
    ) -> None:  # fmt: skip
        self._sockets = sockets
        self._metrics = metrics
        self._asking = authentication
        self._hub = hub
        self._ready = ready
        self._metrics_for = metrics_for
        self._hurry = hurry
        self.application = web.Application(middlewares=[self._safe, gate.count], client_max_size=body_bytes)
        self.application.on_response_prepare.append(self._add_headers)
        router = self.application.router
        router.add_get("/ws", sockets.handle)
        router.add_get("/api/openapi.json", self._schema)
        router.add_get("/api/openrpc.json", self._schema)
        router.add_route("*", "/api/{method}", api.handle)
        files.add_routes(router)
        router.add_get("/healthz", self._health)
        router.add_get("/readyz", self._readiness)
        router.add_get("/metrics", self._metrics_text)
        pages.add_routes(router)

    @web.middleware
    async def _safe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what the doors do not: preflights, and exceptions."""
        try:
            return self._preflight(request) or await handler(request)
        except web.HTTPException:
            raise
        except ConnectionError:
            return web.Response(
                status=400
            )  # the client has disconnected: nobody reads this, and no traceback is needed
        except Exception:
            log.exception("request: failed")  # without the path, which may contain a room's link
            return web.Response(status=500, text="Internal error; it was logged.\n")

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add security headers to every response, including refusals, errors and those that are streamed."""
        response.headers.update(self._headers(request))
        if response.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"

    def _headers(self, request: web.Request) -> dict[str, str]:
        headers = dict(_ALWAYS)
        if self._asking.scheme(request) == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.path.startswith("/files/"):
            headers["Content-Security-Policy"] = FILE_POLICY
        if request.path.startswith(_FOR_OTHERS):
            headers["Vary"] = "Origin"
            if origin := self._asking.further_origin(request):
                headers |= {"Access-Control-Allow-Origin": origin, **_ALLOWED}
        return headers

    def _preflight(self, request: web.Request) -> web.Response | None:
        """Answer the CORS preflight of a page of one of ``server.origins``; None for any other request."""
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or not request.path.startswith(_FOR_OTHERS) or not self._asking.further_origin(request):
            return None
        return web.Response(status=204, headers=_PREFLIGHT)

    async def _schema(self, request: web.Request) -> web.Response:
        document = openapi if request.path.endswith("openapi.json") else openrpc
        # In a thread: making it takes 0.2 s, the first time.
        return web.Response(body=await asyncio.to_thread(document), content_type="application/json")

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readiness(self, request: web.Request) -> web.Response:
        why = "draining" if self._sockets.draining else self._ready()
        if not why:
            return web.Response(text="ready\n")
        return web.Response(status=503, text=f"{why}\n" if self._asking.near(request) else "not ready\n")

    async def _metrics_text(self, request: web.Request) -> web.Response:
        if self._metrics_for == "off" or (self._metrics_for == "local" and not self._asking.near(request)):
            raise web.HTTPNotFound(text="There is nothing here.\n")
        return web.Response(body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def restart_all(self) -> None:
        """Close all sockets so that clients reconnect, because the store has been away for too long."""
        for connection in list(self._hub.connections):
            connection.close(closing.RESTARTING)

    async def drain(self, seconds: float) -> None:
        """Accept no new sockets; close the open ones one by one over the window, so that clients reconnect spread out.
        Once ``hurry`` is set, the rest is closed at once."""
        self._sockets.draining = True
        waiting = list(self._hub.connections)
        random.shuffle(waiting)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, connection in enumerate(waiting):
            due = start if self._hurry.is_set() else start + seconds * number / len(waiting)
            if due > loop.time():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), due - loop.time())
            connection.close(closing.RESTARTING)
        deadline = loop.time() + 1
        while self._hub.connections and loop.time() < deadline:
            await asyncio.sleep(0.02)
