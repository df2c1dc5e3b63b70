"""A bot without the SDK that answers "ping" with "pong": websockets, msgpack and everything the protocol requires.

CHATSERVER_URL=ws://127.0.0.1:8080/ws CHATSERVER_TOKEN=chat_... python examples/no_sdk.py hall
"""

import itertools
import os
import random
import sys
import time

import msgpack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

cursors, numbers = {}, itertools.count(1)  # where to continue after a lost connection; request ids


def place(state):
    return {"epoch": state["epoch"], "seq": state["last_seq"], "id": state["last_id"], "rev": state["rev"]}


def converse(socket):
    def ask(method, **params):
        socket.send(msgpack.packb({"id": next(numbers), "method": method, "params": params}))

    ask("session.start", cursors=cursors)
    for room in sys.argv[1:]:
        ask("room.join", room=room)
    for said in map(msgpack.unpackb, socket):
        method, params = said.get("method"), said.get("params", {})
        for state in said.get("result", {}).get("rooms", [params] if method == "room.updated" else []):
            cursors.setdefault(state["room"], place(state))
        if method == "message.posted":
            if params["text"] == "ping" and not params["author"]["bot"]:
                ask("message.send", room=params["room"], text="pong", client_id=f"pong {params['id']}")
            cursors[params["room"]] |= {"seq": params["seq"], "id": params["id"]}
        if method in {"message.changed", "message.reacted", "room.reset"}:
            cursors[params["room"]] |= place(params) if "epoch" in params else {"rev": params["rev"]}


url, headers = os.environ["CHATSERVER_URL"], {"Authorization": f"Bearer {os.environ['CHATSERVER_TOKEN']}"}
for wait in [1, 2, 4, 8, 16, *[30] * 10_000]:
    try:
        converse(connect(url, additional_headers=headers, subprotocols=["chat.v1.msgpack"], compression=None))
    except (OSError, ConnectionClosed) as error:
        if getattr(getattr(error, "rcvd", None), "code", 0) >= 4500:
            sys.exit(f"The server says not to reconnect: {error}")
    time.sleep(random.uniform(0, wait))
