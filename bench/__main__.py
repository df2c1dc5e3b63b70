"""``python -m bench``: measure the server beside the sketch and the floor, in turns within one run.

The servers run on one core; this program, the stores and the load on another.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from pathlib import Path

from bench import small
from bench.discover import discover
from bench.fanout import Options, fanout
from bench.forum import forum
from bench.machine import cores
from bench.page import page
from bench.people import people
from bench.reactions import reactions
from bench.recovery import herd, recovery
from bench.scale import scale
from bench.search import search
from bench.ties import ties

BENCHES = {
    "fanout": fanout,
    "quiet": small.quiet,
    "rooms": small.rooms,
    "idle": small.idle,
    "ties": ties,
    "page": page,
    "reactions": reactions,
    "recovery": recovery,
    "herd": herd,
    "scale": scale,
    "people": people,
    "discover": discover,
    "forum": forum,
    "search": search,
}


def main() -> None:
    arguments = _parser().parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    servers, others = cores()
    os.sched_setaffinity(0, {others})
    if servers == others:
        print("There is only one core: the load competes with the servers, so even ratios mean little.")
    options = Options(
        members=arguments.members,
        senders=arguments.senders,
        in_flight=arguments.in_flight,
        seconds=arguments.seconds,
        rounds=arguments.rounds,
        opensearch=arguments.opensearch,
    )
    with tempfile.TemporaryDirectory(prefix="chatserver-bench-") as folder:
        for name in BENCHES if arguments.bench == "all" else [arguments.bench]:
            place = Path(folder) / name
            place.mkdir()
            BENCHES[name](place, servers, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("bench", nargs="?", default="fanout", choices=[*BENCHES, "all"])
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--senders", type=int, default=20)
    parser.add_argument("--in-flight", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--opensearch", default="")
    return parser


if __name__ == "__main__":
    main()
