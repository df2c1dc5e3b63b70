"""``make icons``: web/icons/*.png, drawn by Chromium from the one sheet web/icons/icon.svg.

Safari's icon and the plain ones are the sheet as it is; a system may cut the maskable one into a circle, so there the
cup stands smaller, in the middle four fifths.
"""

from __future__ import annotations

import asyncio
import sys

from playwright.async_api import Page

from tests.web.people import ROOT, chromium

FOLDER = ROOT / "web" / "icons"
PAPER = "#f6f1e7"
# Name, pixels, and how much of it the sheet fills.
ICONS = (
    ("icon-192", 192, 1.0),
    ("icon-512", 512, 1.0),
    ("icon-maskable-512", 512, 0.8),
    ("apple-touch-icon", 180, 1.0),
)


async def draw(page: Page, sheet: str, name: str, size: int, part: float) -> None:
    await page.set_viewport_size({"width": size, "height": size})
    edge = round(size * part)
    style = f"margin:0;display:grid;place-items:center;height:{size}px;background:{PAPER}"
    await page.set_content(f'<body style="{style}"><div style="width:{edge}px;height:{edge}px">{sheet}</div></body>')
    picture = await page.screenshot(path=FOLDER / f"{name}.png")
    sys.stdout.write(f"web/icons/{name}.png  {len(picture)} bytes\n")


async def main() -> None:
    sheet = (FOLDER / "icon.svg").read_text(encoding="utf-8")
    async with chromium() as browser:
        page = await browser.new_page(device_scale_factor=1)
        for name, size, part in ICONS:
            await draw(page, sheet, name, size, part)


if __name__ == "__main__":
    asyncio.run(main())
