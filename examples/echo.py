"""Repeats every message that people post.

CHATSERVER_URL=http://127.0.0.1:8080 CHATSERVER_TOKEN=chat_... python examples/echo.py
"""

from chatserver.bot import Bot, MessagePosted

bot = Bot.from_env()


@bot.on(MessagePosted)
async def echo(event: MessagePosted) -> str:
    return event.text


if __name__ == "__main__":
    bot.run()
