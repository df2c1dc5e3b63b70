"""The benchmarks run to their end and print what they promise. Speed is not checked here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ["--members", "12", "--senders", "3", "--in-flight", "2", "--seconds", "0.3", "--rounds", "1"]

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the load is compiled: needs a C compiler")


def printed_by(bench: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench", bench, *SMALL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.soak
def test_fanout_measures_all_three_and_loses_nothing() -> None:
    printed = printed_by("fanout")
    for side in ("floor", "sketch", "server"):
        (answered,) = re.findall(rf"round 1  {side} .* answered/s ([\d,]+)", printed)
        assert int(answered.replace(",", "")) > 0
    assert re.search(r"deliveries/s +server / sketch +\d+\.\d\d", printed)
    assert re.search(r"deliveries/s +server / floor +\d+\.\d\d", printed)
    for fault in ("NOT DELIVERED", "REFUSED", "LOST"):
        assert fault not in printed


@pytest.mark.soak
@pytest.mark.parametrize(
    ("bench", "what"), [("quiet", "p99"), ("rooms", "stored/s"), ("idle", "KB each")], ids=["quiet", "rooms", "idle"]
)
def test_the_smaller_benches_end_with_a_ratio(bench: str, what: str) -> None:
    printed = printed_by(bench)
    assert re.search(rf"{what}.* server / sketch +\d+\.\d\d", printed)
    assert "REFUSED" not in printed


@pytest.mark.soak
def test_the_bench_of_reactions_compares_them_with_messages() -> None:
    printed = printed_by("reactions")
    assert re.search(r"server's time per event +react / send +\d+\.\d\d", printed)


@pytest.mark.soak
def test_the_bench_of_many_people_asks_for_each_step() -> None:
    printed = printed_by("scale")
    assert re.search(r"takes connections after \d", printed)
    assert printed.count("store's longest") == 8


@pytest.mark.soak
def test_the_bench_of_a_forum_asks_for_each_step() -> None:
    assert printed_by("forum").count("store's longest") == 11
