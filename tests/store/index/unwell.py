"""A proxy in front of an OpenSearch server that passes requests on, and misbehaves on request."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

Illness = int | bytes | Literal["drops", "hangs"]
"""A status that it answers; a body that it answers with 200; it ends the connection, or never answers."""


class Unwell:
    """``ill_at`` says which requests (method, path) meet ``illness``. ``asked`` are all requests, ``logins`` with what
    user and password. With a ``certificate``, a file that has its key, too, it speaks TLS."""

    def __init__(self, behind: str, certificate: Path | None = None) -> None:
        self.illness: Illness | None = None
        self.ill_at: Callable[[str, str], bool] = lambda method, path: True
        self.asked: list[tuple[str, str]] = []
        self.logins: set[str] = set()
        self.healed = threading.Event()
        self._behind = urlsplit(behind).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.block_on_close = False
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_port}"

    def fall_ill(self, illness: Illness, ill_at: Callable[[str, str], bool] = lambda method, path: True) -> None:
        self.healed.clear()
        self.illness, self.ill_at = illness, ill_at

    def heal(self) -> None:
        self.illness = None
        self.healed.set()

    def close(self) -> None:
        self.heal()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the server behind it."""
        _, answer = self.pass_on(method, path, None if body is None else json.dumps(body).encode())
        return json.loads(answer or b"null")

    def pass_on(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._behind)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _handler(proxy: Unwell) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            proxy.asked.append((self.command, self.path))
            login = self.headers.get("Authorization", "").removeprefix("Basic ")
            proxy.logins.add(base64.b64decode(login).decode())
            illness = proxy.illness if proxy.ill_at(self.command, self.path) else None
            if illness == "hangs":
                proxy.healed.wait(30)
            if illness in {"hangs", "drops"}:
                self.close_connection = True
            elif isinstance(illness, bytes):
                self.answer(200, illness)
            elif illness is not None:
                self.answer(int(illness), json.dumps({"error": {"type": "made_up"}, "status": illness}).encode())
            else:
                self.answer(*proxy.pass_on(self.command, self.path, body))

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    for method in ("GET", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.do)
    return Handler
