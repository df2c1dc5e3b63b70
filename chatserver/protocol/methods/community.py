"""Methods: the community's profile, its first admin, the record of acts."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chatserver.protocol.methods.base import Method, Nothing, Params
from chatserver.protocol.shapes import (
    Act,
    Limits,
)


class Community(Struct, frozen=True):
    """``fixed`` is present for admins only."""

    name: Annotated[str, Meta(description="the community's name")]
    language: Annotated[str, Meta(description="the default, for readers who have chosen none")]
    time_zone: Annotated[str, Meta(description="the time zone in which days begin")]
    sign_up: Annotated[
        Literal["open", "invite"],
        Meta(description="who may sign up: anyone (`open`), or only people with an invitation (`invite`)"),
    ]
    previews: Annotated[bool, Meta(description="whether the first two links of a message get a preview")]
    version: Annotated[str, Meta(description="the server's version")]
    limits: Annotated[Limits, Meta(description="the server's limits")]
    unclaimed: Annotated[bool, Meta(description="whether there is no admin yet")]
    fixed: Annotated[
        list[str] | UnsetType,
        Meta(
            description="those of `name`, `language`, `time_zone`, `sign_up`, `previews` that the server's settings fix"
        ),
    ] = UNSET
    host: Annotated[
        str | UnsetType, Meta(description="the handle of the community's host, with which people can rehearse a poke")
    ] = UNSET
    icon: Annotated[str | UnsetType, Meta(description="the id of the community's picture; absent: there is none")] = (
        UNSET
    )


class CommunityUpdate(Params, frozen=True):
    name: Annotated[
        Annotated[str, Meta(max_length=200)] | UnsetType,
        Meta(description="the community's name: 1 to 60 characters on one line"),
    ] = UNSET
    language: Annotated[
        Literal["en", "zh-Hans", "zh-Hant"] | UnsetType,
        Meta(description="the default, for readers who have chosen none"),
    ] = UNSET
    time_zone: Annotated[
        Annotated[str, Meta(max_length=64)] | UnsetType, Meta(description="an IANA zone such as `Asia/Shanghai`")
    ] = UNSET
    sign_up: Annotated[
        Literal["open", "invite"] | UnsetType,
        Meta(description="who may sign up: anyone (`open`), or only people with an invitation (`invite`)"),
    ] = UNSET
    previews: Annotated[
        bool | UnsetType, Meta(description="whether the first two links of a message get a preview")
    ] = UNSET
    icon: Annotated[
        Annotated[str, Meta(max_length=64)] | UnsetType,
        Meta(description="your finished upload for `icon`; empty: no picture"),
    ] = UNSET


class CommunityLog(Params, frozen=True):
    before: Annotated[
        str, Meta(max_length=64, description="where to continue: the id of the last act of the previous page")
    ] = ""


class CommunityLogResult(Struct, frozen=True):
    acts: Annotated[list[Act], Meta(description="at most 50, newest first")]
    more: Annotated[bool, Meta(description="whether there are older ones")]


class CommunityClaim(Params, frozen=True):
    code: Annotated[str, Meta(max_length=200, description="the code in the link that the server printed at its start")]


ROWS: Final = (
    Method(
        "community.get", Nothing, Community, "Get the community's name, language and limits.", who="anyone",
        repeatable=True,
    ),
    Method("community.update", CommunityUpdate, Community, "Update the community's profile (admins)."),
    Method("community.claim", CommunityClaim, Community, "Become the first admin of a community that has none."),
    Method(
        "community.log", CommunityLog, CommunityLogResult, "What moderators and admins did, newest first (admins).",
        repeatable=True,
    ),
)  # fmt: skip
