"""Methods: pokes, ties, cards, meetings, invitations, questions, people search, the inbox."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chatserver.protocol.methods.base import Method, Nothing, Params, RoomParams
from chatserver.protocol.shapes import (
    Author,
    Card,
    ClientId,
    Gesture,
    InboxItem,
    InboxState,
    Invitation,
    PokeReceived,
    PokeSent,
    Question,
    RoomId,
    RoomState,
    SayHiFrom,
    Seq,
    Shape,
    TieState,
    UserId,
)

Text = Annotated[str, Meta(max_length=4000)]
PokeId = Annotated[str, Meta(min_length=1, max_length=64)]
Time = Annotated[int, Meta(ge=0, le=2**53)]
Line = Annotated[str, Meta(max_length=400)]


class PokeSend(RoomParams, frozen=True):
    """A poke has no text."""

    room: Annotated[RoomId, Meta(description="a room in which both have written lately")]
    to: Annotated[UserId, Meta(description="the other user")]
    gesture: Annotated[Gesture, Meta(description="the reason: `hi`, `same_here` or `talk` (let's talk)")] = "hi"
    seq: Annotated[Seq, Meta(description="a message of theirs that it is about; 0: none")] = 0


class PokeReturn(Params, frozen=True):
    poke: Annotated[PokeId, Meta(description="the poke's id")]
    answer: Annotated[
        Text, Meta(description="your answer to the card, as in `curtain.answer`; empty: answer later")
    ] = ""


class PokeOne(Params, frozen=True):
    poke: Annotated[PokeId, Meta(description="the poke's id")]


class PokeAllow(Params, frozen=True):
    sender: Annotated[
        SayHiFrom,
        Meta(
            description="`room`: anyone from a shared room; `answered`: only people whose message you answered or "
            "reacted to; `nobody`"
        ),
    ] = field(name="from")


class PokeListResult(Struct, frozen=True):
    sent: Annotated[list[PokeSent], Meta(description="your pokes, newest first")]
    received: Annotated[list[PokeReceived], Meta(description="open pokes that you received, newest first")]
    places: Annotated[int, Meta(description="how many more pokes you may send now")]
    sender: Annotated[SayHiFrom, Meta(description="who may say hi to you, as set by `poke.allow`")] = field(name="from")


class CurtainAnswer(Params, frozen=True):
    tie: Annotated[RoomId, Meta(description="the id of the pair")]
    card: Annotated[str, Meta(max_length=64, description="the card's id")]
    text: Annotated[Text, Meta(description="at most 280 characters, no link")]


class CurtainDraw(Params, frozen=True):
    tie: Annotated[RoomId, Meta(description="the id of the pair")]


class AboutUser(Params, frozen=True):
    user: Annotated[UserId, Meta(description="the other")]


class SwitchUser(Params, frozen=True):
    user: Annotated[UserId, Meta(description="the other")]
    on: Annotated[bool, Meta(description="true for on, false for off")]


class TieWant(Params, frozen=True):
    user: Annotated[UserId, Meta(description="the other")]
    yes: Annotated[bool, Meta(description="true for yes, false for not yet")]


class TieNote(Params, frozen=True):
    user: Annotated[UserId, Meta(description="the other")]
    note: Annotated[str, Meta(max_length=2000, description="your private note, at most 500 characters")]


class TieListResult(Struct, frozen=True):
    ties: Annotated[list[TieState], Meta(description="everyone who is not a stranger, newest first")]


class DirectOpen(Params, frozen=True):
    bot: Annotated[UserId, Meta(description="the bot's id")]


class CardGet(Params, frozen=True):
    user: Annotated[str, Meta(max_length=64, description="whose card; empty: your own")] = ""


class CardUpdate(Params, frozen=True):
    company: Annotated[Line | UnsetType, Meta(description="the company")] = UNSET
    title: Annotated[Line | UnsetType, Meta(description="the job title")] = UNSET
    phone: Annotated[Line | UnsetType, Meta(description="a telephone number")] = UNSET
    mail: Annotated[Line | UnsetType, Meta(description="a mail address")] = UNSET
    wechat: Annotated[Line | UnsetType, Meta(description="a WeChat id")] = UNSET
    line: Annotated[Line | UnsetType, Meta(description="a LINE id")] = UNSET
    whatsapp: Annotated[Line | UnsetType, Meta(description="a WhatsApp number")] = UNSET
    looking_for: Annotated[Line | UnsetType, Meta(description="what you are looking for, at most 280 characters")] = (
        UNSET
    )
    can_offer: Annotated[Line | UnsetType, Meta(description="what you can offer, at most 280 characters")] = UNSET


class BlockListResult(Struct, frozen=True):
    users: Annotated[list[Author], Meta(description="the users you blocked")]


class MetShowResult(Struct, frozen=True):
    """``qr`` is a QR code of the code, as SVG."""

    code: Annotated[str, Meta(description="eight digits")]
    until: Annotated[int, Meta(description="when it expires")]
    qr: Annotated[str, Meta(description="the code as a QR code, SVG")]


class MetEnter(Params, frozen=True):
    code: Annotated[str, Meta(max_length=40, description="the digits; spaces are allowed")]


class MetEnterResult(Struct, frozen=True):
    user: Annotated[Author, Meta(description="the user whose code it was")]
    until: Annotated[int, Meta(description="the time until which both can confirm")]


class InvitationCreate(Params, frozen=True):
    room: Annotated[str, Meta(max_length=64, description="a room that the guests join; empty: only the hall")] = ""
    uses: Annotated[int, Meta(ge=1, le=50, description="how many people may use it")] = 1
    expires_at: Annotated[Time | UnsetType, Meta(description="when it expires, at most 30 days ahead")] = UNSET
    link: Annotated[
        str, Meta(max_length=200, description="an address that the code completes: then `qr` is the two as a QR code")
    ] = ""


class InvitationCreateResult(Struct, frozen=True, omit_defaults=True):
    id: Annotated[str, Meta(description="the id for `invitation.withdraw`")]
    code: Annotated[
        str,
        Meta(description="the code, for `account.create` (as `invite`) and `invitation.accept`; not shown again"),
    ]
    ends_at: Annotated[int, Meta(description="when it expires")]
    qr: Annotated[str, Meta(description="the link as a QR code, SVG; empty without `link`")] = ""


class InvitationCode(Params, frozen=True):
    code: Annotated[str, Meta(max_length=64, description="the code")]


class InvitationGetResult(Struct, frozen=True, omit_defaults=True):
    user: Annotated[Author, Meta(description="who invites")]
    ends_at: Annotated[int, Meta(description="when it expires")]
    room: Annotated[str, Meta(description="the room that the guests join; empty: only the hall")] = ""
    title: Annotated[str, Meta(description="that room's title")] = ""


class InvitationConfirm(Params, frozen=True):
    user: Annotated[UserId, Meta(description="who accepted your invitation")]
    yes: Annotated[bool, Meta(description="true: both become acquainted; false: no, and nobody is told")]


class InvitationListResult(Struct, frozen=True):
    invitations: Annotated[list[Invitation], Meta(description="newest first")]


class InvitationWithdraw(Params, frozen=True):
    id: Annotated[str, Meta(max_length=128, description="the invitation's id")]


class QuestionGet(Params, frozen=True):
    room: Annotated[RoomId, Meta(description="the room it is posted in")] = "hall"


class QuestionAnswer(Params, frozen=True):
    question: Annotated[RoomId, Meta(description="the question's id")]
    text: Annotated[Text, Meta(description="the answer, as a message")]
    client_id: ClientId


class UserSearch(Params, frozen=True):
    query: Annotated[
        str,
        Meta(
            max_length=200,
            description="a name, handle, pinyin or its initials, interest, word of your notes, where or when you met",
        ),
    ]


class UserSearchResult(Shape, frozen=True):
    users: Annotated[list[Author], Meta(description="at most 50, best match first")]
    indexing: Annotated[
        float | UnsetType,
        Meta(description="while the index is being made: how much of it is there, from 0 to 1; some are not found yet"),
    ] = UNSET


class InboxList(Params, frozen=True):
    before: Annotated[Seq, Meta(description="items before this number; 0: the newest")] = 0
    limit: Annotated[int, Meta(ge=1, le=100, description="most items of the page")] = 50


class InboxListResult(Struct, frozen=True):
    """``items`` newest first; items that are no longer true are left out."""

    items: Annotated[list[InboxItem], Meta(description="newest first")]
    inbox: Annotated[InboxState, Meta(description="the state of the inbox")]
    next: Annotated[int, Meta(description="pass it as `before` for the next page; 0: this was the last")]


class InboxMark(Params, frozen=True):
    seq: Annotated[Seq, Meta(description="the last item that was read")]


ROWS: Final = (
    Method("poke.send", PokeSend, TieState, "Poke a user from a room in which both have written lately."),
    Method("poke.return", PokeReturn, TieState, "Return a poke, with or without your answer to the card."),
    Method("poke.withdraw", PokeOne, Nothing, "Withdraw a poke; its place is free again the next day."),
    Method("poke.dismiss", PokeOne, Nothing, "Dismiss a poke. Its sender does not see that."),
    Method("poke.allow", PokeAllow, Nothing, "Set who may say hi to you. To every sender all choices look the same."),
    Method("poke.list", Nothing, PokeListResult, "List your open pokes and those you received.", repeatable=True),
    Method("curtain.answer", CurtainAnswer, TieState, "Answer the card; the second answer opens the conversation."),
    Method("curtain.draw", CurtainDraw, TieState, "Draw another card for both; each may once."),
    Method("tie.get", AboutUser, TieState, "Get your tie with a user, and the next possible step.", repeatable=True),
    Method("tie.list", Nothing, TieListResult, "List all your ties.", repeatable=True),
    Method(
        "tie.want", TieWant, TieState, "Answer whether you want to become friends; the other does not see it."
    ),
    Method(
        "tie.step_back", AboutUser, Nothing, "Go from friends back to acquainted, without a notification."
    ),
    Method("tie.rest", SwitchUser, Nothing, "Pause the conversation, or resume one that you paused."),
    Method("tie.note", TieNote, Nothing, "Set your private note about a user."),
    Method(
        "tie.show_seen", SwitchUser, Nothing, "Set whether a friend may see what you read; both must turn it on."
    ),
    Method("direct.open", DirectOpen, RoomState, "Open a conversation with a bot, or resume it."),
    Method("direct.close", DirectOpen, Nothing, "End a conversation with a bot."),
    Method("card.get", CardGet, Card, "Get your own card, or a friend's if both of you offer theirs.", repeatable=True),
    Method("card.update", CardUpdate, Card, "Update your card."),
    Method(
        "card.offer", AboutUser, Nothing, "Offer your card to a friend: both see the other's once both offer it."
    ),
    Method(
        "card.take_back", AboutUser, Nothing, "Hide your card, and your profile for friends, from a friend."
    ),
    Method("block.add", AboutUser, Nothing, "Block a user everywhere; they cannot find out."),
    Method("block.remove", AboutUser, Nothing, "Unblock a user."),
    Method("block.list", Nothing, BlockListResult, "List the users you blocked.", repeatable=True),
    Method("met.show", Nothing, MetShowResult, "Get a code to show to somebody you meet, valid for 60 seconds."),
    Method("met.enter", MetEnter, MetEnterResult, "Enter the code that somebody shows you; then both confirm."),
    Method("met.confirm", AboutUser, TieState, "Confirm that you met; once both did, you are friends."),
    Method(
        "invitation.create", InvitationCreate, InvitationCreateResult, "Create an invitation for one or more people."
    ),
    Method(
        "invitation.get", InvitationCode, InvitationGetResult, "See who invites, and into which room.", who="anyone",
        repeatable=True,
    ),
    Method("invitation.accept", InvitationCode, Nothing, "Accept an invitation with an account that you have."),
    Method(
        "invitation.confirm", InvitationConfirm, TieState, "Answer somebody who accepted your invitation."
    ),
    Method(
        "invitation.list", Nothing, InvitationListResult, "List your invitations and who used them.", repeatable=True,
    ),
    Method(
        "invitation.withdraw", InvitationWithdraw, Nothing, "Withdraw an invitation; who used it before stays."
    ),
    Method("question.get", QuestionGet, Question, "Get the question of the day.", repeatable=True),
    Method(
        "question.answer", QuestionAnswer, RoomState, "Answer the question; then you can read the other answers."
    ),
    Method(
        "user.search", UserSearch, UserSearchResult, "Find people by name, interest, your notes, where you met.",
        repeatable=True,
    ),
    Method("inbox.list", InboxList, InboxListResult, "Get a page of your inbox, newest first.", repeatable=True),
    Method(
        "inbox.mark", InboxMark, InboxState, "Move the read marker of your inbox; it never moves back.",
        repeatable=True,
    ),
)  # fmt: skip
