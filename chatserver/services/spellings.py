"""Loads what spellings need, so that the first search of a process holds up nobody else."""

from __future__ import annotations

import asyncio

from chatserver.rules.text.spellings import pinyin_reader


async def load_spellings() -> None:
    """Load pypinyin's tables in a thread, unless they are loaded."""
    if not pinyin_reader.cache_info().currsize:
        await asyncio.to_thread(pinyin_reader)
