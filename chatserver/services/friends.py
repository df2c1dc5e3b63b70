"""The desks of the ladder between two people, put together: app.py makes them by ``furnish``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from chatserver.live.hub import Hub
from chatserver.rules.days import Days
from chatserver.rules.ladder import DAY_MS, Numbers
from chatserver.rules.limits import Buckets
from chatserver.services.icebreakers import Icebreakers
from chatserver.services.inbox import InboxDesk
from chatserver.services.invitations import Invitations
from chatserver.services.meeting import Meeting
from chatserver.services.messages import Messages
from chatserver.services.pairs import Pairs
from chatserver.services.pokes import Pokes
from chatserver.services.questions import Questions
from chatserver.services.search import Search
from chatserver.services.ties import TiesDesk
from chatserver.settings import Settings, cap
from chatserver.store.accounts import AccountsShelf
from chatserver.store.inbox import Inbox
from chatserver.store.intents import Intents
from chatserver.store.log import Log
from chatserver.store.questions import QuestionsShelf
from chatserver.store.rooms import RoomsShelf
from chatserver.store.ties import Ties


@dataclass(slots=True, frozen=True)
class Friends:
    """``shelf`` are the ties themselves, for what else asks who is a friend."""

    shelf: Ties
    pokes: Pokes
    ties: TiesDesk
    meeting: Meeting
    invitations: Invitations
    questions: Questions
    search: Search
    inbox: InboxDesk

    def table(self) -> Mapping[str, Any]:
        return {
            "poke.send": self.pokes.send,
            "poke.return": self.pokes.return_poke,
            "poke.withdraw": self.pokes.withdraw,
            "poke.dismiss": self.pokes.dismiss,
            "poke.rest": self.pokes.rest,
            "poke.list": self.pokes.listed,
            "curtain.answer": self.pokes.answer,
            "curtain.draw": self.pokes.draw,
            "tie.get": self.ties.get,
            "tie.list": self.ties.listed,
            "tie.keep": self.ties.keep,
            "tie.step_back": self.ties.step_back,
            "tie.rest": self.ties.rest,
            "tie.note": self.ties.note,
            "tie.show_seen": self.ties.show_seen,
            "direct.open": self.ties.open_direct,
            "direct.close": self.ties.close_direct,
            "card.get": self.ties.card,
            "card.update": self.ties.update_card,
            "card.offer": self.ties.offer_card,
            "card.take_back": self.ties.take_card_back,
            "block.add": self.ties.block,
            "block.remove": self.ties.unblock,
            "block.list": self.ties.blocked,
            "met.show": self.meeting.show,
            "met.enter": self.meeting.enter,
            "met.confirm": self.meeting.confirm,
            "invitation.create": self.invitations.create,
            "invitation.list": self.invitations.listed,
            "invitation.withdraw": self.invitations.withdraw,
            "question.get": self.questions.get,
            "question.answer": self.questions.answer,
            "user.search": self.search.find,
            "inbox.list": self.inbox.listed,
            "inbox.mark": self.inbox.mark,
        }


def furnish(
    settings: Settings, hub: Hub, log: Log, intents: Intents, rooms: RoomsShelf, accounts: AccountsShelf,
    messages: Messages, icebreakers: Icebreakers, *, language: str, days: Days,
) -> Friends:  # fmt: skip
    """The desks, on the store that ``hub`` is linked to."""
    numbers = numbers_of(settings)
    inbox = Inbox(hub.store)
    ties = Ties(hub.store, intents, inbox, secret=messages.secret, numbers=numbers)
    pairs = Pairs(hub, log, ties, rooms, icebreakers)
    limits = settings.limits
    tries, guesses, searches = (
        Buckets(limits.searches_burst, limits.searches_per_minute / 60) for _ in range(3)
    )  # fmt: skip
    accounts.on_invited = ties.invited
    desk = InboxDesk(hub, inbox, ties, intents, most=cap(limits.replay_messages))
    messages.on_mentioned = desk.mentioned
    messages.on_edited = desk.edited
    return Friends(
        shelf=ties,
        pokes=Pokes(
            hub, log, ties, pairs, icebreakers, accounts, host=settings.host.handle, language=language, days=days,
            tries=tries,
        ),
        ties=TiesDesk(hub, ties, pairs, accounts, days),
        meeting=Meeting(hub, ties, pairs, guesses, url=settings.server.public_url),
        invitations=Invitations(hub, intents, most=settings.friends.invitations),
        questions=Questions(
            hub, QuestionsShelf(hub.store), rooms, messages, icebreakers, days, hour=settings.friends.question_hour,
            language=language,
        ),
        search=Search(hub, ties, rooms, accounts, searches=searches),
        inbox=desk,
    )  # fmt: skip


def numbers_of(settings: Settings) -> Numbers:
    friends = settings.friends
    return Numbers(
        places=friends.poke_places, fade_ms=friends.fade_days * DAY_MS, spoken_ms=friends.spoken_days * DAY_MS,
        again_ms=friends.again_days * DAY_MS, friend_days=friends.days_to_friends,
    )  # fmt: skip


def both_told(
    marks: Callable[[str, str, str, int, str], None],
    wrote: Callable[[str, str], Coroutine[Any, Any, None]],
    spawn: Callable[[Coroutine[Any, Any, None]], object],
) -> Callable[[str, str, str, int, str], None]:
    """Who is told of each message that this process stored: read markers, and whoever makes friends."""

    def stored(user: str, room: str, epoch: str, seq: int, origin: str) -> None:
        marks(user, room, epoch, seq, origin)
        spawn(wrote(user, room))

    return stored
