"""Rolls dice: /roll, /roll 2d6, /roll 1d20 3 (one die of 20 sides, 3 added).

CHATSERVER_URL=http://127.0.0.1:8080 CHATSERVER_TOKEN=chat_... python examples/dice.py
"""

import random
import re

from chatserver.bot import Bot, MessagePosted

bot = Bot.from_env()


@bot.command("roll", help="2d6 is two dice of six sides; a number after it is added.")
async def roll(event: MessagePosted, dice: str = "1d6", plus: int = 0) -> str:
    found = re.fullmatch(r"(\d{0,2})d(\d{1,4})", dice.lower())
    if not found or found[2].strip("0") == "":
        return f"{dice[:40]!r} are no dice I know. Try /roll 2d6"
    thrown = [random.randint(1, int(found[2])) for _ in range(int(found[1] or 1))]
    if not thrown and not plus:
        return "Nothing rolled, nothing lost."
    if len(thrown) == 1 and not plus:
        return str(thrown[0])
    return f"{' + '.join(map(str, [*thrown, *([plus] if plus else [])]))} = {sum(thrown) + plus}"


if __name__ == "__main__":
    bot.run()
