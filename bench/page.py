"""What the page costs, also on a machine that is four times slower: opening, scrolling, writing while others write.

Chromium's own tools measure: sizes, as packed, of what had come when the first paint stood from its resource timing,
frames from its tracing, the time of a key from the press to the paint that shows it (event timing). The server has one
core, Chromium all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from bench.fanout import Options
from bench.pictures import hang
from bench.sides import Side, server, sign_up

CHROMIUM = "/usr/bin/chromium-headless-shell"
SLOWER = 4
COMINGS_IN = 5
LOADED = 10_000
READING_SECONDS = 10.0
READING_SPEED = 2_000  # CSS pixels a second
KEYS = 100
KEY_PAUSE = 0.1
SAID_PER_SECOND = 50
PATIENCE_MS = 180_000
ROOM = "readers"
GALLERY = "pictures"
HUNG = 200
AT_ONCE = 32
FRAMES = "disabled-by-default-devtools.timeline.frame"

# Usable: messages are shown, and the composer accepts text. Checked at every frame.
_USABLE = """() => new Promise((resolve) => {
  const look = () => {
    const box = document.querySelector("message-composer textarea");
    if (document.querySelector("message-item .text") && box && !box.disabled) return resolve(performance.now());
    return requestAnimationFrame(look);
  };
  look();
})"""
_SIZES = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const kinds = /\\.(?:js|css|html|json)$/;
  const files = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const ours = files.filter(({ name, entryType }) => entryType === "navigation" || kinds.test(new URL(name).pathname));
  const sum = (list) => list.reduce((total, file) => total + file.encodedBodySize, 0);
  const first = ours.filter(({ responseEnd }) => responseEnd <= paint);
  return { paint, first: sum(first), whole: sum(ours), files: ours.length };
}"""
_LOAD_ALL = """async (wanted) => {
  const scroller = document.querySelector("message-list .scroller");
  const number = () => Number(/\\((\\d+)\\)$/.exec(document.querySelector("message-item .text").textContent)?.[1]);
  for (let stuck = 0; number() > 0 && stuck < 600; stuck += 1) {
    const before = number();
    scroller.scrollTop = scroller.scrollTop ? 0 : 1;
    await new Promise(requestAnimationFrame);
    if (number() !== before) stuck = 0;
  }
  return wanted - number();
}"""
_WATCH_KEYS = """() => {
  globalThis.keys = [];
  const watch = (list) => list.getEntries().forEach((entry) => entry.name === "keydown" && keys.push(entry.duration));
  new PerformanceObserver(watch).observe({ type: "event", durationThreshold: 16 });
}"""


@dataclass(slots=True)
class Reading:
    """How well a page kept up while scrolling. Times in ms."""

    frames: int
    dropped: int
    seconds: float

    def __str__(self) -> str:
        rate = self.frames / self.seconds
        return f"{rate:.0f} frames/s, {self.dropped} of {self.frames + self.dropped} dropped"


def page(folder: Path, servers: int, options: Options) -> None:
    """Opening, reading words and pictures, and writing, at full speed and four times slower."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    loaded = min(LOADED, options.members * 10)
    with server(folder, servers, [ROOM, GALLERY]) as home:
        home.tokens = asyncio.run(sign_up(home.port, 2))
        asyncio.run(_measure(home, loaded, options))


async def _measure(home: Side, loaded: int, options: Options) -> None:
    await _say(home, 60)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            print(f"\npage: {browser.browser_type.name} {browser.version}")
            for slower in (1, SLOWER):
                await _come_in(home, browser, slower, options.rounds)
            await _say(home, loaded - 60)
            for slower in (1, SLOWER):
                await _read(home, browser, slower, ROOM, loaded, min(READING_SECONDS, options.seconds * 2))
            await hang(home, GALLERY, HUNG)
            for slower in (1, SLOWER):
                await _read(home, browser, slower, GALLERY, HUNG, min(READING_SECONDS, options.seconds * 2))
            for slower in (1, SLOWER):
                await _write(home, browser, slower, round(min(KEYS, options.seconds * 20)))
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def _opened(home: Side, browser: Browser, slower: int) -> AsyncIterator[tuple[Page, CDPSession]]:
    """A signed-in reader with an empty cache, before the first page."""
    address = f"http://127.0.0.1:{home.port}"
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")
    try:
        answer = await context.request.post(
            f"{address}/api/account.create",
            data={"handle": f"r{os.urandom(6).hex()}", "name": "Reader", "password": "a long enough one"},
            headers={"Origin": address},
        )
        if not answer.ok:
            raise RuntimeError(await answer.text())
        for room in (ROOM, GALLERY):
            await context.request.post(f"{address}/api/room.join", data={"room": room}, headers={"Origin": address})
        opened = await context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        tools = await context.new_cdp_session(opened)
        await tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        yield opened, tools
    finally:
        await context.close()


async def _come_in(home: Side, browser: Browser, slower: int, rounds: int) -> None:
    usable, painted, sizes = [], [], {}
    for _ in range(max(rounds, 1)):
        async with _opened(home, browser, slower) as (opened, _tools):
            await opened.goto(f"http://127.0.0.1:{home.port}/room/{ROOM}", wait_until="commit")
            usable.append(await opened.evaluate(_USABLE))
            sizes = await opened.evaluate(_SIZES)
            painted.append(sizes["paint"])
    print(
        f"  {slower} × slower  first paint {statistics.median(painted):.0f} ms, "
        f"usable {statistics.median(usable):.0f} ms (median of {len(usable)}), {sizes['first'] / 1000:.1f} KB gzip "
        f"before it, {sizes['whole'] / 1000:.1f} KB when usable, {sizes['files']} files",
        flush=True,
    )


async def _read(home: Side, browser: Browser, slower: int, room: str, loaded: int, seconds: float) -> None:
    """Load the whole room, then scroll up and down again."""
    async with _opened(home, browser, 1) as (opened, tools):
        await opened.goto(f"http://127.0.0.1:{home.port}/room/{room}")
        await opened.evaluate(_USABLE)
        rows = await opened.evaluate(_LOAD_ALL, loaded)
        await tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        box = await opened.locator("message-list .scroller").bounding_box()
        assert box is not None
        middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        reading = await _frames(tools, middle, seconds)
    print(f"  {slower} × slower  scrolling {rows:,} loaded messages in {room}: {reading}", flush=True)


async def _frames(tools: CDPSession, middle: dict[str, float], seconds: float) -> Reading:
    events: list[dict] = []
    ended = asyncio.Event()
    tools.on("Tracing.dataCollected", lambda found: events.extend(found["value"]))
    tools.on("Tracing.tracingComplete", lambda _: ended.set())
    await tools.send("Tracing.start", {
        "transferMode": "ReportEvents",
        "traceConfig": {"includedCategories": ["devtools.timeline.frame", FRAMES]},
    })  # fmt: skip
    half = int(READING_SPEED * seconds / 2)
    for distance in (-half, half):
        await tools.send("Input.synthesizeScrollGesture", {
            **middle, "yDistance": distance, "speed": READING_SPEED, "gestureSourceType": "mouse", "preventFling": True,
        })  # fmt: skip
    await tools.send("Tracing.end")
    await ended.wait()
    drawn = sorted(event["ts"] for event in events if event["name"] == "DrawFrame")
    dropped = sum(event["name"] == "DroppedFrame" for event in events)
    span = (drawn[-1] - drawn[0]) / 1e6 if len(drawn) > 1 else seconds
    return Reading(len(drawn), dropped, span)


async def _write(home: Side, browser: Browser, slower: int, keys: int) -> None:
    """Somebody writes while fifty messages a second arrive."""
    async with _opened(home, browser, slower) as (opened, _tools):
        await opened.goto(f"http://127.0.0.1:{home.port}/room/{ROOM}")
        await opened.evaluate(_USABLE)
        await opened.evaluate(_WATCH_KEYS)
        talking = asyncio.create_task(_talk(home))
        try:
            box = opened.locator("message-composer textarea")
            await box.focus()
            for number in range(keys):
                await box.press("abcdefghij"[number % 10])
                await asyncio.sleep(KEY_PAUSE)
        finally:
            talking.cancel()
            said = await talking
        found = sorted(await opened.evaluate("keys"))
    # Only keys that took a frame or longer are reported.
    times = [8.0] * (keys - len(found)) + found
    p50, p95 = (times[int(len(times) * share)] for share in (0.5, 0.95))
    print(
        f"  {slower} × slower  a key, while {said:.0f} messages/s come: p50 {p50:.0f} ms, p95 {p95:.0f} ms, "
        f"longest {times[-1]:.0f} ms of {len(times)}",
        flush=True,
    )


async def _say(home: Side, count: int) -> None:
    """Post ``count`` messages as fast as the server accepts them."""
    async with _connected(home) as socket:
        await _send(socket, "room.join", room=ROOM)
        waiting = 0
        for number in range(count):
            words = "A few words about tea. " * (1 + number * 7 % 5) + f"({number})"
            await _send(socket, "message.send", room=ROOM, text=words, client_id=os.urandom(8).hex())
            waiting += 1
            while waiting >= AT_ONCE:
                waiting -= "id" in await socket.receive_json()
        while waiting:
            waiting -= "id" in await socket.receive_json()


async def _talk(home: Side) -> float:
    """Post fifty messages a second until cancelled; returns the actual rate."""
    loop = asyncio.get_running_loop()
    begun, said = loop.time(), 0
    async with _connected(home) as socket:
        hearing = asyncio.create_task(_hear(socket))
        try:
            while True:
                await _send(socket, "message.send", room=ROOM, text=f"and this ({said})", client_id=os.urandom(8).hex())
                said += 1
                await asyncio.sleep(max(0.0, begun + said / SAID_PER_SECOND - loop.time()))
        except asyncio.CancelledError:
            return said / (loop.time() - begun)
        finally:
            hearing.cancel()


async def _hear(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


@contextlib.asynccontextmanager
async def _connected(home: Side) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    headers = {"Authorization": f"Bearer {home.tokens[0]}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{home.port}/ws", headers=headers, protocols=["chat.v1.json"]) as socket,
    ):
        await _send(socket, "session.start")
        yield socket


async def _send(socket: aiohttp.ClientWebSocketResponse, method: str, **params: str) -> None:
    await socket.send_str(json.dumps({"id": method, "method": method, "params": params}))
