"""The cards and questions that come with the program, and the errors for a broken file."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatserver.errors import StartError
from chatserver.services.friends.icebreakers import LANGUAGES, read_icebreakers
from chatserver.services.rooms.starter import read_starter_rooms
from chatserver.settings import config_folder

FILE = config_folder() / "icebreakers.toml"


def test_there_are_enough_cards_and_questions() -> None:
    icebreakers = read_icebreakers(FILE)
    themes = {card.theme for card in icebreakers.cards}
    assert len(icebreakers.cards) >= 64 and len(themes) >= 8 and len(icebreakers.questions) >= 60
    for theme in themes:
        assert sum(card.theme == theme for card in icebreakers.cards) >= 6


def test_every_starter_room_has_a_deck() -> None:
    icebreakers = read_icebreakers(FILE)
    for room in read_starter_rooms(config_folder() / "rooms.toml"):
        assert room.id in icebreakers.rooms
        assert len(icebreakers.deck(room.id)) >= 16


def test_the_chinese_is_written_in_its_own_script() -> None:
    icebreakers = read_icebreakers(FILE)
    for card in [*icebreakers.cards, *icebreakers.questions]:
        assert not set(card.zh_hans) & set("們個這說會來時對開關門問讀學國嗎麼沒為還過裡後見請謝話誰樣點聽")
        assert not set(card.zh_hant) & set("们个这说会来时对开关门问读学国吗么没为还过里后见请谢话谁样点听")
        assert card.en.isascii() and "—" not in card.en


def test_another_card_is_never_the_same_one() -> None:
    icebreakers = read_icebreakers(FILE)
    first = icebreakers.draw("tea")
    assert all(icebreakers.draw("tea", but=first) != first for _ in range(200))
    assert set(icebreakers.texts(first)) == set(LANGUAGES) and icebreakers.texts("gone-1") == {}


def test_each_day_has_the_next_question() -> None:
    icebreakers = read_icebreakers(FILE)
    assert len({icebreakers.question_of(day).id for day in range(20_000, 20_060)}) == 60


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('id = "table-1"\n', "table-2 stands there twice"),
        ('id = "Table 1"\n', "id"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_fault(tmp_path: Path, wrong: str, said: str) -> None:
    text = FILE.read_text("utf-8")
    if "twice" in said:
        text = text.replace('id = "table-1"\n', 'id = "table-2"\n', 1)
    else:
        text = text.replace('id = "table-1"\n', wrong, 1)
    (tmp_path / "cards.toml").write_text(text, "utf-8")
    with pytest.raises(StartError, match=said) as found:
        read_icebreakers(tmp_path / "cards.toml")
    assert "cards.toml" in str(found.value)


def test_words_that_are_missing_too_long_or_the_same_are_named(tmp_path: Path) -> None:
    text = FILE.read_text("utf-8")
    first = read_icebreakers(FILE).cards[0].en
    second = read_icebreakers(FILE).cards[1].en
    for new, said in (("", "needs words in en"), ("x" * 161, "at most 160"), (second, "says the same")):
        (tmp_path / "cards.toml").write_text(text.replace(f'"{first}"', f'"{new}"', 1), "utf-8")
        with pytest.raises(StartError, match=said):
            read_icebreakers(tmp_path / "cards.toml")
