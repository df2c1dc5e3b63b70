"""The ladder between two people: ``stranger → poked → curtain → acquainted → friend``, and *met* beside it.

A step is a pure function of the tie, the acting user and the time. It returns the tie afterwards and whom to notify, or
raises ``Refusal``. Nothing expires by a timer: pokes and curtains have a time, which is compared with ``now``.

Ignoring, dismissing, resting and blocking change nothing that the other can see. A block is therefore not a state of
the ladder: the blocked user goes on alone as if nothing had happened. What would have been told to the blocker is
``hidden``: the store takes the same steps for it, so that the time they take tells nothing either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from chatserver import errors
from chatserver.errors import PARAMS, Refusal
from chatserver.rules.accounts.names import has_link
from chatserver.rules.friends.tie import (
    CLINK_MS,
    Curtain,
    Invited,
    Line,
    News,
    Numbers,
    Origin,
    Poke,
    Rung,
    Step,
    Tie,
    Told,
)
from chatserver.rules.messages import text as text_rules


def rung(tie: Tie, now: int, numbers: Numbers) -> Rung:
    """The rung of the two at this time."""
    if tie.relation != "stranger":
        return tie.relation
    if open_curtain(tie, now, numbers) is not None:
        return "curtain"
    return "poked" if open_poke(tie, now, numbers) is not None else "stranger"


def open_poke(tie: Tie, now: int, numbers: Numbers) -> Poke | None:
    """The poke that may be returned; None once it has expired. To its sender it fades earlier (``waits``)."""
    poke = tie.poke
    return poke if poke is not None and now < ends_at(poke, numbers) else None


def ends_at(poke: Poke, numbers: Numbers) -> int:
    """The time until which the receiver can return the poke."""
    return poke.at + max(numbers.fade_ms, numbers.return_ms)


def waits(poke: Poke, now: int, numbers: Numbers) -> bool:
    """Whether the poke has not faded yet for its sender. That depends on time alone."""
    return now < poke.at + numbers.fade_ms


def open_curtain(tie: Tie, now: int, numbers: Numbers) -> Curtain | None:
    curtain = tie.curtain
    return curtain if curtain is not None and now < curtain.at + numbers.fade_ms else None


def seen_poke(tie: Tie, viewer: str, now: int, numbers: Numbers) -> Poke | None:
    """The poke as the viewer may see it. Hidden, dismissed and expired ones are gone for the receiver, not the
    sender."""
    poke = tie.poke
    if poke is None or tie.side(viewer).blocks:
        return None
    if poke.by == viewer:
        return poke if now < poke.at + numbers.again_ms else None
    gone = poke.hidden or poke.dismissed
    return None if gone else open_poke(tie, now, numbers)


def seen_curtain(tie: Tie, viewer: str, now: int, numbers: Numbers) -> Curtain | None:
    return None if tie.side(viewer).blocks else open_curtain(tie, now, numbers)


def seen_rung(tie: Tie, viewer: str, now: int, numbers: Numbers) -> Rung:
    """The rung as one of the two sees it. A user who blocked sees a stranger, and so does one who cannot see the
    poke, and its sender once it has faded."""
    if tie.side(viewer).blocks:
        return "stranger"
    stands = rung(tie, now, numbers)
    if stands != "poked":
        return stands
    poke = seen_poke(tie, viewer, now, numbers)
    gone = poke is None or (poke.by == viewer and not waits(poke, now, numbers))
    return "stranger" if gone else "poked"


# --- pokes -----------------------------------------------------------------------------------------------------------


def poke(tie: Tie, new: Poke, now: int, numbers: Numbers, *, card: str, rehearsal: bool = False) -> Step:
    """Send a poke. If the other's poke is open, this returns it; then, or in a rehearsal, ``card`` is the question."""
    by = new.by
    _not_blocking(tie, by)
    theirs = open_poke(tie, now, numbers)
    if theirs is not None and theirs.by != by:
        return _returned(tie, theirs, now, card=card)
    if open_curtain(tie, now, numbers) is not None:
        raise errors.conflict("You two have an open card: answer it", "curtain_open")
    if tie.relation != "stranger" and not tie.rests:
        raise errors.conflict("You are already in a conversation: write there", "acquainted_already")
    if theirs is not None and waits(theirs, now, numbers):
        raise errors.conflict("You have poked them already: wait for an answer", "poked_already")
    wait = tie.side(by).poked_at + numbers.again_ms - now
    if tie.side(by).poked_at and wait > 0 and not rehearsal:
        raise errors.not_allowed("You poked them not long ago: wait", "poked_lately", retry_after=-(-wait // 1000))
    other = tie.other(by)
    poked = replace(tie, poke=new, curtain=None).changed(by, poked_at=now)
    if rehearsal:
        return _returned(poked, new, now, card=card, rehearsal=True)
    if tie.side(by).rests and not tie.side(other).rests:
        return _awake(poked, new)
    return Step(poked, (Told(other, "poke", new.id, hidden=new.hidden or tie.side(other).blocks),))


def return_poke(tie: Tie, by: str, poke_id: str, now: int, numbers: Numbers, *, card: str) -> Step:
    """Return a poke: both get a card, or a paused conversation continues."""
    found = seen_poke(tie, by, now, numbers)
    if found is None or found.by == by or found.id != poke_id:
        raise errors.not_found("poke")
    return _returned(tie, found, now, card=card)


def _returned(tie: Tie, found: Poke, now: int, *, card: str, rehearsal: bool = False) -> Step:
    if tie.relation != "stranger":
        return _awake(tie, found)
    curtain = Curtain(found.id, now, found.room, found.card or card, found.by, found.seq, rehearsal)
    drawn = replace(tie, poke=None, curtain=curtain)
    for user in (tie.a, tie.b):
        drawn = drawn.changed(user, answer="", answered_at=0, draft="", drew=False)
    told = Told(found.by, "curtain", curtain.id, hidden=drawn.side(found.by).blocks)
    return Step(drawn, (told,), frees=found.by)


def _awake(tie: Tie, found: Poke) -> Step:
    awake = replace(tie, poke=None).changed(tie.a, rests=False).changed(tie.b, rests=False)
    return Step(awake, _both(awake, "opened", found.id), frees=found.by)


def withdraw(tie: Tie, by: str, poke_id: str, now: int, numbers: Numbers) -> Step:
    """Withdraw one's poke. It still counts: the same person can be poked again only after ``again_ms`` (90 days)."""
    found = open_poke(tie, now, numbers)
    if found is None or found.by != by or found.id != poke_id or not waits(found, now, numbers):
        raise errors.not_found("poke")
    other = tie.other(by)
    seen = seen_poke(tie, other, now, numbers) is not None
    return Step(replace(tie, poke=None), (Told(other, "gone", poke_id, hidden=not seen),))


def dismiss(tie: Tie, by: str, poke_id: str, now: int, numbers: Numbers) -> Step:
    """Dismiss a poke silently: it is gone for the receiver, while the sender still sees it as sent until it expires."""
    found = seen_poke(tie, by, now, numbers)
    if found is None or found.by == by or found.id != poke_id:
        raise errors.not_found("poke")
    return Step(replace(tie, poke=replace(found, dismissed=True)))


# --- the curtain -----------------------------------------------------------------------------------------------------


def answer(tie: Tie, by: str, card: str, text: str, now: int, numbers: Numbers) -> Step:
    """Answer the card. The second answer opens the conversation. After the first, the other is only notified of it."""
    curtain = _curtain_of(tie, by, now, numbers)
    if curtain.card != card:
        raise errors.conflict("Another card was drawn meanwhile: answer that one", "card_redrawn", card=curtain.card)
    if tie.side(by).answer:
        raise errors.conflict("You have answered this card already: wait for the other", "answered_already")
    other = tie.other(by)
    answered = tie.changed(by, answer=text, answered_at=now, draft="")
    if not answered.side(other).answer:
        return Step(answered, (Told(other, "answered", curtain.id, hidden=tie.side(other).blocks),))
    lines = (Line(other, answered.side(other).answer), Line(by, text, alone=tie.side(other).blocks))
    origin = Origin("poke", curtain.at, curtain.room, curtain.seq, curtain.card)
    opened = replace(answered, relation="acquainted", curtain=None, origin=origin, opened_at=now)
    for user in (tie.a, tie.b):
        opened = opened.changed(user, answer="", answered_at=0, draft="", drew=False)
    return Step(opened, _both(opened, "opened", curtain.id), opens=True, lines=lines)


def draw(tie: Tie, by: str, card: str, now: int, numbers: Numbers) -> Step:
    """Draw another card for both; each may once. The other's answer, if given, is returned to its author unseen."""
    curtain = _curtain_of(tie, by, now, numbers)
    side, other = tie.side(by), tie.other(by)
    if side.answer:
        raise errors.conflict("You have answered this card already: wait for the other", "answered_already")
    if side.drew:
        raise errors.not_allowed("You have drawn another card already: answer this one", "drawn_already")
    drawn = replace(tie, curtain=replace(curtain, card=card)).changed(by, drew=True)
    if drawn.side(other).answer:
        drawn = drawn.changed(other, answer="", answered_at=0, draft=drawn.side(other).answer)
    return Step(drawn, (Told(other, "redrawn", curtain.id, hidden=tie.side(other).blocks),))


def checked_answer(text: str, numbers: Numbers) -> str:
    """The answer as stored. Raises ``Refusal`` if it is empty, too long or contains a link."""
    text = text_rules.message(text.strip(), characters=numbers.answer_characters)
    if has_link(text):
        raise Refusal(PARAMS, "Links are not allowed in an answer: remove them", "answer_link", path="text")
    return text


def _curtain_of(tie: Tie, by: str, now: int, numbers: Numbers) -> Curtain:
    curtain = seen_curtain(tie, by, now, numbers)
    if curtain is None:
        raise errors.not_found("card")
    return curtain


# --- acquainted and friends ------------------------------------------------------------------------------------------


def begin(tie: Tie, origin: Origin, now: int) -> Step:
    """Become acquainted at once: by a personal invitation, or with a bot. A closer relation stays."""
    awake = replace(tie, invited=None).changed(tie.a, rests=False).changed(tie.b, rests=False)
    if tie.relation != "stranger":
        return Step(awake)
    poker = tie.poke.by if tie.poke is not None else ""
    begun = replace(awake, relation="acquainted", poke=None, curtain=None, origin=origin, opened_at=now)
    return Step(begun, opens=True, frees=poker)


def accept(tie: Tie, by: str, room: str, now: int, numbers: Numbers) -> Step:
    """Accept the other's invitation; the other is asked to say yes, too. If each accepted one of the other's, both
    have."""
    _not_blocking(tie, by)
    if tie.relation != "stranger" and not tie.rests:
        raise errors.conflict("You are already in a conversation: write there", "acquainted_already")
    other, before = tie.other(by), open_invited(tie, now, numbers)
    if before is not None and before.giver == by:
        return _acquainted(tie, before, now)
    if before is not None:
        return Step(tie)
    blocked = tie.side(other).blocks
    asked = replace(tie, invited=Invited(other, now, room, hidden=blocked))
    return Step(asked, (Told(other, "invited", hidden=blocked),))


def open_invited(tie: Tie, now: int, numbers: Numbers) -> Invited | None:
    """The accepted invitation that its giver may still confirm."""
    invited = tie.invited
    return invited if invited is not None and now < invited.at + numbers.return_ms else None


def seen_invited(tie: Tie, viewer: str, now: int, numbers: Numbers) -> Invited | None:
    """The accepted invitation, if it waits for the viewer's yes."""
    invited = open_invited(tie, now, numbers)
    if invited is None or invited.giver != viewer or invited.hidden or tie.side(viewer).blocks:
        return None
    return invited


def confirm_invited(tie: Tie, by: str, now: int, numbers: Numbers, *, yes: bool) -> Step:
    """Say yes or no to somebody who accepted one's invitation. Nobody learns of a no; who says yes knows it, so thirty
    guests of one code are thirty notifications and not sixty."""
    invited = seen_invited(tie, by, now, numbers)
    if invited is None:
        raise errors.not_found("invitation")
    if not yes:
        return Step(replace(tie, invited=replace(invited, hidden=True)))
    other = tie.other(by)
    return replace(_acquainted(tie, invited, now), told=(Told(other, "opened", hidden=tie.side(other).blocks),))


def _acquainted(tie: Tie, invited: Invited, now: int) -> Step:
    step = begin(tie, Origin("invitation", now, invited.room), now)
    return replace(step, told=_both(step.tie, "opened"))


def days_written(tie: Tie, days: Mapping[str, Sequence[int]]) -> set[int]:
    """The days on which both wrote to each other, since they last stepped back."""
    common = set(days.get(tie.a, ())) & set(days.get(tie.b, ()))
    return {day for day in common if day > tie.days_after}


def is_asked(tie: Tie, days: Mapping[str, Sequence[int]], numbers: Numbers) -> bool:
    """Whether each is asked "become friends?": after ``friend_days`` days, whatever either answers."""
    return tie.relation == "acquainted" and len(days_written(tie, days)) >= numbers.friend_days


def want(tie: Tie, by: str, days: Mapping[str, Sequence[int]], today: int, numbers: Numbers, *, yes: bool) -> Step:
    """Answer "become friends?", or answer again; unseen by the other. Once both said yes, they become friends on the
    next day on which both write."""
    _talking(tie, by)
    if tie.relation == "friend":
        raise errors.conflict("You are friends already", "friends_already")
    if not is_asked(tie, days, numbers):
        raise errors.not_allowed(
            f"You are both asked after you wrote to each other on {numbers.friend_days} days", "not_asked_yet"
        )
    answered = tie.changed(by, wants="yes" if yes else "not_yet")
    if not (answered.side_a.wants == answered.side_b.wants == "yes"):
        return Step(replace(answered, agreed_after=0))
    after = today if today in days_written(tie, days) else today - 1
    return Step(replace(answered, agreed_after=tie.agreed_after or after))


def befriend(tie: Tie, days: Mapping[str, Sequence[int]], now: int) -> Step | None:
    """Become friends, on the first day after both wanted to on which both wrote; else None. Also under a block, or its
    absence would reveal the block; after an unblock the two are acquainted."""
    if tie.relation != "acquainted" or not tie.agreed_after:
        return None
    if not any(day > tie.agreed_after for day in days_written(tie, days)):
        return None
    friends = replace(tie, relation="friend", friends_at=now, agreed_after=0).changed(tie.a, wants="")
    friends = friends.changed(tie.b, wants="")
    return Step(friends, _both(friends, "friend"))


def step_back(tie: Tie, by: str, today: int) -> Step:
    """Go from friends back to acquainted, without a notification. Both are asked again after new days of writing. Cards
    are no longer shared."""
    _talking(tie, by)
    if tie.relation != "friend":
        raise errors.not_allowed("You can only do this with a friend", "not_friends")
    back = replace(tie, relation="acquainted", friends_at=0, days_after=today, agreed_after=0)
    for user in (tie.a, tie.b):
        back = back.changed(user, offers_card=False, wants="")
    return Step(back)


def rest(tie: Tie, by: str, *, on: bool) -> Step:
    """Pause the conversation. Only the user who paused it can undo that; otherwise a new poke opens it."""
    _talking(tie, by)
    return Step(tie.changed(by, rests=on))


def note(tie: Tie, by: str, text: str) -> Step:
    """Set one's private note about the other."""
    return Step(tie.changed(by, note=text))


def show_seen(tie: Tie, by: str, *, on: bool) -> Step:
    """Set whether the other may see what one has read; it works between friends who both turn it on."""
    _talking(tie, by)
    return Step(tie.changed(by, shows_seen=on))


def sees_seen(tie: Tie, viewer: str) -> bool:
    """Whether the viewer sees what the other has read. A blocked viewer keeps seeing what was read before the block."""
    shown = tie.side_a.shows_seen and tie.side_b.shows_seen
    return tie.relation == "friend" and shown and not tie.side(viewer).blocks


# --- cards -----------------------------------------------------------------------------------------------------------


def offer_card(tie: Tie, by: str) -> Step:
    """Offer one's card to a friend: both see each other's card once both offer it."""
    _talking(tie, by)
    if tie.relation != "friend":
        raise errors.not_allowed("You can share your card only with a friend", "not_friends")
    if tie.side(by).offers_card:
        return Step(tie)
    other = tie.other(by)
    return Step(tie.changed(by, offers_card=True, closed=False), (Told(other, "card", hidden=tie.side(other).blocks),))


def take_card_back(tie: Tie, by: str) -> Step:
    """Hide from the other what is for friends (card and profile), until the card is offered again."""
    return Step(tie.changed(by, offers_card=False, closed=True))


def opens_profile(tie: Tie, viewer: str) -> bool:
    """Whether the viewer sees the other's profile for friends. A block looks like taking it back."""
    return tie.relation == "friend" and not tie.side(tie.other(viewer)).closed and not _blocked(tie)


def opens_card(tie: Tie) -> bool:
    """Whether each sees the other's card. A block looks like a card taken back."""
    return tie.relation == "friend" and tie.side_a.offers_card and tie.side_b.offers_card and not _blocked(tie)


# --- met -------------------------------------------------------------------------------------------------------------


def meet(tie: Tie, by: str, until: int) -> Step:
    """A code was shown and entered: until ``until`` (ms) both may confirm that they met."""
    if tie.side(by).blocks:
        raise errors.not_found("code")
    waiting = replace(tie, meeting=until).changed(tie.a, confirms=0).changed(tie.b, confirms=0)
    return Step(waiting, tuple(replace(told, until=until) for told in _both(waiting, "met")))


def confirm_meeting(tie: Tie, by: str, now: int) -> Step:
    """Confirm a meeting. Once both have, they are friends at once, from any rung, and have met: their cups touch
    ``CLINK_MS`` later, so that both devices can show it at the same moment. Confirming again changes nothing."""
    side = tie.side(by)
    if side.confirms > now and not tie.meeting and not side.blocks:
        return Step(tie)
    if tie.meeting <= now or side.blocks:
        raise errors.not_found("meeting")
    confirmed = tie.changed(by, confirms=tie.meeting)
    if confirmed.side(tie.other(by)).confirms != tie.meeting or _blocked(tie):
        return Step(confirmed)
    opens = tie.relation == "stranger"
    poker = tie.poke.by if tie.poke is not None else ""
    friends = replace(
        confirmed, relation="friend", met_at=now, meeting=0, poke=None, curtain=None, invited=None, agreed_after=0,
        friends_at=tie.friends_at or now, opened_at=tie.opened_at or now, origin=tie.origin or Origin("met", now),
    )  # fmt: skip
    for user in (tie.a, tie.b):
        friends = friends.changed(user, answer="", answered_at=0, draft="", drew=False, rests=False, wants="")
    told = tuple(replace(told, ahead=CLINK_MS) for told in _both(friends, "met"))
    newly = () if tie.relation == "friend" else _both(friends, "friend")
    return Step(friends, (*told, *newly), opens=opens, frees=poker)


# --- a closed account -------------------------------------------------------------------------------------------------


def leave(tie: Tie, by: str, now: int, numbers: Numbers) -> Step:
    """Remove what a user leaves when their account is closed: their poke, the open curtain, their private data. For the
    other, their own poke looks as before."""
    other, poke, curtain = tie.other(by), tie.poke, open_curtain(tie, now, numbers)
    told: list[Told] = []
    own = poke is not None and poke.by == by
    if poke is not None and own and seen_poke(tie, other, now, numbers) is not None:
        told.append(Told(other, "gone", poke.id))
    if curtain is not None and not tie.side(other).blocks:
        told.append(Told(other, "gone", curtain.id))
    left = replace(tie, poke=None if own else poke, curtain=None, invited=None, meeting=0, agreed_after=0)
    for user in (tie.a, tie.b):
        left = left.changed(user, answer="", answered_at=0, draft="", drew=False, confirms=0)
    left = left.changed(by, note="", offers_card=False)
    return Step(left, tuple(told))


# --- blocks ----------------------------------------------------------------------------------------------------------


def block(tie: Tie, by: str, now: int, *, on: bool) -> Step:
    """Block or unblock, everywhere at once. For the blocked user everything looks as before."""
    side = tie.side(by)
    if on:
        return Step(tie.changed(by, blocks=True, blocked_at=side.blocked_at or now, offers_card=False))
    changed = tie.changed(by, blocks=False, blocked_at=0)
    if side.blocks and tie.friends_at > side.blocked_at:
        changed = replace(changed, relation="acquainted", friends_at=0, agreed_after=0).changed(by, wants="not_yet")
    return Step(changed)


def _blocked(tie: Tie) -> bool:
    return tie.side_a.blocks or tie.side_b.blocks


def _not_blocking(tie: Tie, by: str) -> None:
    if tie.side(by).blocks:
        raise errors.conflict("You have blocked them: unblock them first", "you_blocked_them")


def _talking(tie: Tie, by: str) -> None:
    if tie.relation == "stranger" or tie.side(by).blocks:
        raise errors.not_found("tie")


def _both(tie: Tie, news: News, id: str = "") -> tuple[Told, ...]:
    return tuple(Told(user, news, id, hidden=tie.side(user).blocks) for user in (tie.a, tie.b))
