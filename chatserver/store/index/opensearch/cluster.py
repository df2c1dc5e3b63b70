"""Asks an OpenSearch cluster by its own client, and says in one way what went wrong.

``Away``: it cannot be reached, is too slow, or refuses. After it was lost, nobody tries for a second, so that searches
fail at once instead of one after another waiting for a server that does not answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, Final

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    ConflictError,
    ConnectionError,
    ConnectionTimeout,
    NotFoundError,
    OpenSearchException,
    TransportError,
)

from chatserver.store.index.engine import Away

REST_SECONDS: Final = 1.0
# What fails is said once by whoever asked: the client would say it for every request.
logging.getLogger("opensearch").setLevel(logging.CRITICAL)


class Missing(Exception):
    """There is no such index."""


class Conflict(Exception):
    """The document is not the one that was to be replaced, or the index is there already."""


class Cluster:
    """``urls`` may hold user and password; ``ca_file`` has the certificates to trust, if not the usual ones.
    ``connections`` is how many threads ask at once. Called from any thread."""

    def __init__(self, urls: Sequence[str], ca_file: str, connections: int) -> None:
        more: dict[str, Any] = {"ca_certs": ca_file} if ca_file else {}
        self._client = OpenSearch(
            list(urls), pool_maxsize=connections, max_retries=len(urls) - 1, retry_on_status=(), **more
        )
        self._rests_until = 0.0
        self._why = ""

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float, **params: Any) -> dict[str, Any]:
        """The answer; of a document that is not there, one with ``found`` false. Raises ``Missing``, ``Conflict`` or
        ``Away``."""
        try:
            return self._ask(method, path, body, seconds, params)
        except ConnectionError as error:  # time-outs and certificates, too
            raise self._lost(error) from None
        except NotFoundError as error:
            if isinstance(error.info, dict) and error.info.get("found") is False:
                return error.info
            raise Missing(path) from None
        except ConflictError:
            raise Conflict(path) from None
        except TransportError as error:
            if error.error == "resource_already_exists_exception":
                raise Conflict(path) from None
            raise Away(f"it answered {error.status_code}: {error.error}") from None
        except OpenSearchException as error:
            raise Away(f"it answered something else than OpenSearch: {error}") from None

    def ask_patiently(self, method: str, path: str, *, seconds: float, **params: Any) -> bool:
        """Ask for work that may take longer than this; False if it goes on. Raises as ``ask``."""
        try:
            self._ask(method, path, None, seconds, params)
        except ConnectionTimeout:
            return False
        except NotFoundError:
            raise Missing(path) from None
        except OpenSearchException as error:
            raise Away(str(error)) from None
        return True

    def _ask(self, method: str, path: str, body: Any, seconds: float, params: dict[str, Any]) -> dict[str, Any]:
        if time.monotonic() < self._rests_until:
            raise Away(self._why)
        answer = self._client.transport.perform_request(method, path, params, body, timeout=seconds)
        if not isinstance(answer, dict):
            raise OpenSearchException(type(answer).__name__)
        return answer

    def _lost(self, error: ConnectionError) -> Away:
        self._why = "it does not answer in time" if isinstance(error, ConnectionTimeout) else str(error.info or error)
        self._rests_until = time.monotonic() + REST_SECONDS
        return Away(self._why)

    def close(self) -> None:
        """No thread may be asking."""
        self._client.close()
