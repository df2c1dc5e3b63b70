"""Profiles are public, so they may not contain ways to be reached."""

import pytest

from chatserver.errors import Refusal
from chatserver.rules.accounts import profiles


def refused(check, value):
    with pytest.raises(Refusal) as caught:
        check(value)
    return caught.value.data["path"], caught.value.reason


def test_an_about_may_have_lines_and_be_empty():
    assert profiles.checked_about(" I read.\r\nA lot. \n") == "I read.\nA lot."
    assert profiles.checked_about(" \n") == ""
    assert len(profiles.checked_about("阅" * 500)) == 500
    assert refused(profiles.checked_about, "阅" * 501) == ("about", "about_length")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("write to me@mail.org", "about_link"),
        ("see\nexample.com", "about_link"),
        ("wx 138\n001\n38", "about_digits"),
        ("一三八零零一", "about_digits"),
        ("a\u202eb", "about_characters"),
    ],
)
def test_an_about_holds_no_way_to_be_reached(text, reason):
    assert refused(profiles.checked_about, text) == ("about", reason)


def test_interests_are_folded_as_the_tags_of_rooms_are():
    assert profiles.checked_interests(["#Green Living", "green-living", "茶"]) == ["green-living", "茶"]
    assert refused(profiles.checked_interests, [str(n) for n in range(9)]) == ("interests", "interests_count")
    assert refused(profiles.checked_interests, ["13800138000"]) == ("interests", "interests_digits")
    assert refused(profiles.checked_interests, ["tea.com"]) == ("interests", "interests_link")
    assert refused(profiles.checked_interests, ["!"]) == ("interests", "interests_characters")


def test_languages_are_written_the_usual_way_and_each_once():
    given = ["ZH-hans-cn", "zh_Hans_CN", " en ", "yue", "de-1996", "es-419", "sl-IT-nedis"]
    assert profiles.checked_languages(given) == ["zh-Hans-CN", "en", "yue", "de-1996", "es-419", "sl-IT-nedis"]


@pytest.mark.parametrize("tag", ["", "e", "english please", "en-", "x-private", "中文", "en--US", "ｅｎ"])
def test_what_is_no_language_tag_is_refused_by_its_place(tag):
    assert refused(profiles.checked_languages, ["en", tag]) == ("languages.1", "languages_unknown")


def test_a_home_town_is_a_line_without_links_and_numbers():
    assert profiles.checked_home_town("  Chengdu   成都 ") == "Chengdu 成都"
    assert profiles.checked_home_town(" ") == ""
    assert refused(profiles.checked_home_town, "x" * 41) == ("home_town", "home_town_length")
    assert refused(profiles.checked_home_town, "t.me/bob") == ("home_town", "home_town_link")
    assert refused(profiles.checked_home_town, "call 555 0199 2") == ("home_town", "home_town_digits")


def test_a_time_zone_is_one_of_the_iana_s():
    assert profiles.checked_time_zone(" Asia/Shanghai ") == "Asia/Shanghai"
    assert profiles.checked_time_zone("America/Argentina/Buenos_Aires") == "America/Argentina/Buenos_Aires"
    assert profiles.checked_time_zone("Etc/GMT+8") == "Etc/GMT+8"
    assert profiles.checked_time_zone("") == ""


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Asia", "tzdata.zi", "A/\0", "x" * 64]
)
def test_what_is_no_time_zone_is_refused(zone):
    assert refused(profiles.checked_time_zone, zone) == ("time_zone", "time_zone_unknown")
