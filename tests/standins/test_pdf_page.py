"""The page that a stand-in draws is a PDF that a reader opens, with every word of Spanish."""

from __future__ import annotations

import re
import zlib

from pdf_page import Page, latin, width, wrapped


def drawn(content: bytes) -> str:
    """What the page draws, unpacked."""
    (stream,) = re.findall(rb"stream\n(.*)\nendstream", content, re.DOTALL)
    return zlib.decompress(stream).decode("latin-1")


def test_the_table_of_places_finds_each_object():
    content = Page().output("B001-1")
    table = int(re.search(rb"startxref\n(\d+)", content)[1])
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", content[table:])]
    assert len(places) == 7
    for number, place in enumerate(places, start=1):
        assert content[place:].startswith(f"{number} 0 obj".encode())


def test_brackets_accents_and_other_scripts_do_not_break_the_page():
    page = Page()
    page.text(10, 10, r"NIÑO (S.A.C.) \ 東 €")
    assert r"NIÑO \(S.A.C.\) \\ ? EUR" in drawn(page.output("x"))


def test_lines_are_as_wide_as_they_are_told():
    lines = wrapped(latin("QORICASH VENDE DÓLARES AMERICANOS " * 5), 60, 9)
    assert len(lines) > 3
    assert all(width(line, 9) <= 60 for line in lines)
    assert width("É", 9) == width("E", 9)


def test_a_code_is_drawn_module_by_module():
    page = Page()
    page.squares(0, 0, 10, [[1, 0], [0, 1]])
    assert drawn(page.output("x")).count(" re") == 2
