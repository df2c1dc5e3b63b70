"""The server's list of emoji and the page's three lists, made together by tests/web/emoji.py."""

import json
import re
import unicodedata

import pytest

from tests.web.emoji import GROUPS, HAN, PAGE, SERVER, TONE_NAMES, TONES

SERVED = SERVER.read_text().splitlines()


def rows(language):
    return [row for group in json.loads((PAGE / f"{language}.json").read_text())["groups"] for row in group["emoji"]]


def test_the_servers_list_has_each_emoji_once_and_no_lone_letter_digit_or_flag():
    assert len(SERVED) == len(set(SERVED)) > 3_600
    for emoji in SERVED:
        assert not re.fullmatch(r"[\w#*]\ufe0f?", emoji, re.ASCII), emoji
        assert not any("\U0001f1e6" <= char <= "\U0001f1ff" or char == "\U000e007f" for char in emoji), emoji
        assert emoji not in {*TONES, "🏁", "🏳️", "🏴", "\u2764"}, emoji
    assert {"👍", "👍🏽", "\u2764\ufe0f", "🧑🏻‍🤝‍🧑🏿", "1\ufe0f\u20e3", "🫩"} <= set(SERVED)


def test_what_is_drawn_as_text_at_first_stands_with_the_mark_that_makes_it_an_emoji():
    for emoji in SERVED:
        if len(emoji) == 1:
            assert unicodedata.east_asian_width(emoji) in "WF", emoji  # F: newer than Python's tables


@pytest.mark.parametrize("language", GROUPS)
def test_the_page_offers_in_each_language_what_the_server_takes_and_nothing_else(language):
    offered, plain = rows(language), [emoji for emoji in SERVED if not re.search(f"[{TONES}]", emoji)]
    assert [row[0] for row in offered] == plain
    toned = [row[3].replace(".", tone) for row in offered if len(row) == 4 for tone in TONES]
    one_tone = [emoji for emoji in SERVED if len({*re.findall(f"[{TONES}]", emoji)}) == 1]
    assert sorted(toned) == sorted(one_tone)
    assert len(TONE_NAMES[language]) == len(TONES)


@pytest.mark.parametrize("language", GROUPS)
def test_every_emoji_has_a_name_in_each_language_and_words_to_find_it_by(language):
    assert all(name and "||" not in f"|{words}" for _, name, words, *_ in rows(language))
    assert len({name for _, name, *_ in rows(language)}) > 0.98 * len(rows(language))


@pytest.mark.parametrize("language", GROUPS)
def test_what_an_older_machine_cannot_draw_is_known_by_its_version(language):
    since = json.loads((PAGE / f"{language}.json").read_text())["since"]
    newer = [emoji for emojis in since.values() for emoji in emojis]
    assert set(newer) <= {row[0] for row in rows(language)}
    assert len(newer) == len(set(newer)) < 300
    assert "🥲" in since["13"] and "🫩" in since["16"] and "😀" not in newer


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_the_chinese_lists_say_how_each_of_their_characters_sounds(language):
    made = json.loads((PAGE / f"{language}.json").read_text())
    known = "".join(made["sounds"].values())
    assert all(char in known for row in rows(language) for char in HAN.findall(row[1] + row[2]))
    if language == "zh-Hans":
        assert made["read"]["音乐"] == "yin yue"
        assert "心" in made["sounds"]["xin"]
