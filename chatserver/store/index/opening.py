"""Which engine keeps the index of messages, by the settings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatserver.errors import StartError
from chatserver.settings import Settings
from chatserver.store.community.secret import Secret
from chatserver.store.index.engine import MessageEngine
from chatserver.store.index.file import remove
from chatserver.store.index.sqlite import FILES_OF_MESSAGES, SqliteMessages

if TYPE_CHECKING:
    from chatserver.store.index.opensearch.engine import OpenSearchMessages

CLIENT: Final = "opensearchpy"


def index_folder(settings: Settings) -> Path:
    return Path(settings.server.data) / "index"


def open_messages(settings: Settings, secret: Secret) -> MessageEngine:
    """The engine, which has not asked anybody anything yet. Raises ``StartError``.

    Files that this machine has from before it used a cluster are removed: nobody would erase deleted words from them.
    """
    folder = index_folder(settings)
    if not settings.index.opensearch:
        return SqliteMessages(folder)
    remove(folder, FILES_OF_MESSAGES)
    return open_cluster(settings, lambda: _community(secret))


def open_cluster(settings: Settings, community: Callable[[], str] = lambda: "") -> OpenSearchMessages:
    """``community`` is only asked for by who writes. Raises ``StartError``."""
    index = settings.index
    if index.opensearch_ca and not Path(index.opensearch_ca).is_file():
        raise StartError(f"index.opensearch_ca: there is no file {index.opensearch_ca}")
    try:
        from chatserver.store.index.opensearch.cluster import Cluster
        from chatserver.store.index.opensearch.engine import OpenSearchMessages
    except ModuleNotFoundError as error:
        if error.name != CLIENT:
            raise
        raise StartError(
            "index.opensearch is set, but the client for it is not installed: pip install opensearch-py"
        ) from None
    # One thread writes beside those that search.
    cluster = Cluster(index.opensearch, index.opensearch_ca, index.search_threads + 1)
    return OpenSearchMessages(cluster, index.opensearch_index, community)


def _community(secret: Secret) -> str:
    return hashlib.blake2b(secret.value, digest_size=8, person=b"index").hexdigest()
