"""Which links get a preview, and what a page says of itself."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatserver.rules.messages import links


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.org/x, and (https://b.org/y_(z)). https://c.org", ["https://a.org/x", "https://b.org/y_(z)"]),
        ("https://a.org https://a.org", ["https://a.org"]),
        ("[words](https://a.org/x)", ["https://a.org/x"]),
        ("`https://a.org` ||https://b.org|| ｜｜https://b.org｜｜ <https://c.org>", []),
        ("```\nhttps://a.org\n```\nhttps://b.org", ["https://b.org"]),
        ("看https://example.com/wiki/茶。好", ["https://example.com/wiki/茶"]),
        ("https://a.b/看这里", ["https://a.b/"]),
        ("https://user@evil.org https://a:b@c.org ftp://d.org xhttp://e.org mailto:a@b.c", []),
        ("HTTPS://A.org/?q=1#there!", ["HTTPS://A.org/?q=1#there"]),
        ("https:// http://[::1 http://", []),
        ("https://a.org/" + "x" * 2000, []),
    ],
)
def test_links_are_those_that_a_reader_sees(text, found):
    assert links.previewed(text) == found


@pytest.mark.parametrize("piece", ["https://", "||", "https://a.b/)", "`https://a.b", "<https://a.b/(", "a://"])
def test_no_text_is_slow(piece):
    began = time.process_time()
    links.previewed(piece * (16_000 // len(piece)))
    assert time.process_time() - began < 0.5


@given(st.text())
def test_any_text_can_be_asked_for_links(text):
    assert all(link in text for link in links.previewed(text))


def read(page, charset="", url="https://www.leaves.example/a/b"):
    reader = links.HeadReader()
    for part in links.slices(links.decoded(page, charset)):
        reader.feed(part)
    return reader.words(url)


def test_a_page_says_title_site_text_and_picture():
    words = read(
        b'<html><head><title>A &amp; B</title><meta property="og:image" content="../p.png">'
        b'<meta name=description content="x\n  y"></head><body><meta property=og:title content=no>'
    )
    assert words == links.PageWords("A & B", "leaves.example", "x y", "https://www.leaves.example/p.png")


def test_the_best_words_win_and_a_page_without_a_title_says_nothing():
    words = read(b'<title>t</title><meta property="og:title" content="T"/><meta property="og:site_name" content="S">')
    assert (words.title, words.site, words.picture) == ("T", "S", "")
    assert read(b"<meta property='og:description' content='x'>") is None
    assert read(b"<title>  </title>") is None
    assert read(b"") is None
    assert read(b'<title>t</title><meta property="og:image" content="javascript:alert(1)">').picture == ""


def test_what_is_unseen_or_endless_is_left_out():
    words = read(f"<title>\u202egnp\x07 {'x' * 5000}</title><meta name=description content='{'y' * 900}'>".encode())
    assert len(words.title) == 200 and words.title.startswith("gnp x") and words.title.endswith("…")
    assert len(words.text) == 300


@pytest.mark.parametrize("charset", ["gb18030", "big5", "utf-8", "shift_jis"])
def test_the_charset_is_that_of_the_answer_the_page_or_a_guess(charset):
    page = "<title>重慶茶</title>"
    assert read(page.encode(charset), charset).title == "重慶茶"
    assert read(f"<meta charset='{charset}'>{page}".encode(charset), "nonsense").title == "重慶茶"
    if charset in {"gb18030", "utf-8"}:
        assert read((page + "</head>").encode(charset)).title == "重慶茶"


@given(st.binary(max_size=2000), st.sampled_from(["", "utf-8", "utf-16", "gbk", "idna", "rot13"]))
def test_no_page_makes_the_reader_fail(page, charset):
    read(b"<title>" + page, charset)


@pytest.mark.parametrize("piece", [b"<", b"<!--", b"<a ", b"<meta name='", b"<title>", b"&", b"</", b"<![CDATA["])
def test_no_page_is_slow(piece):
    began = time.process_time()
    read(piece * (links.LONGEST_HEAD // len(piece)))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://a.example/b/leaf.png?size=2", "leaf.png"),
        ("http://a.example/%E8%8C%B6.jpg", "茶.jpg"),
        ("http://a.example/..%2f%00%E2%80%AEgnp.exe", "gnp.exe"),
        ("http://a.example", "picture"),
    ],
)
def test_a_picture_is_called_by_the_end_of_its_address(url, name):
    assert links.picture_name(url) == name
