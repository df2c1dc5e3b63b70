"""What is installed: the wheel with the page and the data files in it, and every package pinned."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_carries_the_page_the_data_files_and_the_functions(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for folder, place in (("web", "chatserver/share/web"), ("config", "chatserver/share/config")):
        files = [file for file in (ROOT / folder).rglob("*") if file.is_file()]
        assert files and {f"{place}/{file.relative_to(ROOT / folder)}" for file in files} <= names
    functions = (ROOT / "chatserver/store").rglob("*.lua")
    assert {str(file.relative_to(ROOT)) for file in functions} <= names


def test_the_wheel_gives_the_command(wheel: zipfile.ZipFile) -> None:
    entry = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "chatserver = chatserver.cli:main" in wheel.read(entry).decode()


def test_everything_that_is_installed_is_pinned_to_one_version_and_to_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", pin) for pin in pins)
    pinned = {plain(pin.split("==")[0]) for pin in pins}
    extras = PROJECT["optional-dependencies"]
    wanted = PROJECT["dependencies"] + extras["dev"] + ["hatchling", "editables"]
    assert set(extras["opensearch"]) <= set(extras["dev"])
    assert {plain(re.split(r"[<>=!~\[; ]", wish)[0]) for wish in wanted} <= pinned


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
