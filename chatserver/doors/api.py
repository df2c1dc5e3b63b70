"""The HTTP API: ``POST /api/<method>`` with the params as JSON body returns the result as JSON.

It uses the same services as the WebSocket, refusals have the same form, and signing in or out sets or clears the
cookie.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from chatserver import errors
from chatserver.doors.authentication import Authentication
from chatserver.doors.requests import Handler, OnAnswered, outcome_of, refusal_for
from chatserver.errors import Refusal
from chatserver.protocol.codecs import JSON, Unreadable, error_object
from chatserver.protocol.methods import METHODS
from chatserver.protocol.methods.base import Method
from chatserver.rules.limits import Buckets
from chatserver.services.pace import spend

log = logging.getLogger(__name__)
_JSON: Final = "application/json"


class Api:
    """``login_days`` is the lifetime of the cookie; 0 means no end."""

    def __init__(
        self,
        services: Mapping[str, Handler],
        authentication: Authentication,
        rates: Buckets,
        on_answered: OnAnswered,
        *,
        body_bytes: int,
        login_days: int,
    ) -> None:
        self._services = services
        self._asking = authentication
        self._rates = rates
        self._body_bytes = body_bytes
        self._login_days = login_days
        self._on_answered = on_answered

    async def handle(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        try:
            response = await self._answer(request, name)
        except Refusal as refusal:
            return self._refused(name, refusal)
        except Unreadable as unreadable:
            return self._refused(name, unreadable.refusal)
        except ConnectionError:
            raise  # the client has disconnected; aiohttp handles that
        except Exception as error:
            log.exception("request: failed", extra={"method": name})
            return self._refused(name, refusal_for(error))
        self._on_answered(name, "ok")
        return response

    async def _answer(self, request: web.Request, name: str) -> web.Response:
        method = self._method(request, name)
        spend(self._rates, self._asking.address(request))
        caller = await self._asking.who(request, writes=True)
        if method.who == "user":
            caller.require_user()
        params = JSON.params(method, await self._body(request))
        result = await self._services[name](caller, params)
        response = web.Response(body=JSON.encode(result), content_type=_JSON, headers={"Cache-Control": "no-store"})
        if caller.login_given:
            self._asking.set_cookie(request, response, caller.login_given, self._login_days)
        if caller.device_given:
            self._asking.set_device(request, response, caller.device)
        if caller.login_dropped:
            self._asking.clear_cookie(request, response)
        return response

    @staticmethod
    def _method(request: web.Request, name: str) -> Method:
        method = METHODS.get(name)
        if method is None or method.connection:
            raise Refusal(errors.METHOD, f"No such method over HTTP: {name[:64]}")
        if request.method != "POST":
            raise Refusal(errors.REQUEST, "Use POST to call a method")
        if request.can_read_body and request.content_type != _JSON:
            raise Refusal(errors.REQUEST, "The body must be application/json")
        return method

    async def _body(self, request: web.Request) -> bytes:
        if request.content_length is not None and self._body_bytes and request.content_length > self._body_bytes:
            raise errors.too_large("The body is too large: send less", self._body_bytes)
        try:
            return await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise errors.too_large("The body is too large: send less", self._body_bytes) from None
        except web.RequestPayloadError:
            raise Refusal(errors.PARSE, "The body cannot be decompressed: check Content-Encoding") from None

    def _refused(self, name: str, refusal: Refusal) -> web.Response:
        self._on_answered(name if name in METHODS else "unknown", outcome_of(refusal))
        return refused(refusal)


def refused(refusal: Refusal) -> web.Response:
    """The refusal as every door over HTTP answers it."""
    headers = {"Cache-Control": "no-store"}
    if "retry_after" in refusal.data:
        headers["Retry-After"] = str(math.ceil(refusal.data["retry_after"]))
    body: dict[str, Any] = {"error": error_object(refusal)}
    return web.Response(status=refusal.kind.status, body=JSON.encode(body), content_type=_JSON, headers=headers)
