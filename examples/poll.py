"""Polls by reactions: /poll Tea or coffee? | Tea | Coffee. Whoever asked closes it with a checkmark on it.

CHATSERVER_URL=http://127.0.0.1:8080 CHATSERVER_TOKEN=chat_... python examples/poll.py
"""

from chatserver.bot import Bot, MessagePosted, MessageReacted

NUMBERS = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣"]
CLOSE = "✅"
bot = Bot.from_env()


@bot.command("poll", help="a question, then two to nine answers, with | between them.")
async def poll(event: MessagePosted, words: str) -> str | None:
    question, *answers = [part.strip() for part in words.split("|")]
    if not 2 <= len(answers) <= len(NUMBERS):
        return "Try /poll Tea or coffee? | Tea | Coffee"
    lines = [question, *map(" ".join, zip(NUMBERS, answers, strict=False))]
    asked = await event.reply("\n".join(lines))
    bot.memory[f"{event.room.id} {asked.seq}"] = {"by": event.author.id, "answers": answers}
    for number in NUMBERS[: len(answers)]:
        await event.room.react(asked.seq, number)
    return None


@bot.on(MessageReacted)
async def close(event: MessageReacted) -> None:
    key = f"{event.room.id} {event.seq}"
    asked = bot.memory.get(key)
    if asked is None or not event.added or event.emoji != CLOSE or event.user != asked["by"]:
        return
    message = await event.room.message(event.seq)
    if message is not None and not message.deleted:
        # The bot's own reaction to each answer, which shows how to vote, does not count.
        votes = {kind.emoji: kind.count - (kind.emoji in message.mine) for kind in message.reactions}
        results = zip(NUMBERS, asked["answers"], strict=False)
        await event.reply("\n".join(f"{answer}: {votes.get(number, 0)}" for number, answer in results))
    del bot.memory[key]


if __name__ == "__main__":
    bot.run()
