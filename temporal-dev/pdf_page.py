"""One A4 page of text, lines and a QR code as a PDF, written by hand.

A stand-in draws a page for every comprobante that is mailed: a library took a second to load for it, and twice the time
a page, on the same two cores as the house.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 15.0  # millimetres
POINTS = 72 / 25.4  # a millimetre in the unit of a PDF
ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})
REPLACED = str.maketrans({"€": "EUR", "–": "-", "—": "-", "→": "->"})

Colour = tuple[int, int, int]
Align = Literal["left", "right", "centre"]

BLACK: Colour = (0, 0, 0)
# Thousandths of the size that each printable ASCII character of the two standard fonts takes, from the blank on.
_PLAIN = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 "
    "278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 "
    "611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 "
    "556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 "
    "333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 "
    "611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 "
    "611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
FONTS = {False: ("F1", _PLAIN), True: ("F2", _BOLD)}


class Page:
    """Draws from the top left corner, in millimetres; sizes of letters are in points."""

    def __init__(self) -> None:
        """An empty page."""
        self._drawn: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: object,
        *,
        size: float = 9,
        bold: bool = False,
        colour: Colour = BLACK,
        align: Align = "left",
    ) -> None:
        """One line; (x, y) is where it begins, ends or has its middle, on its baseline."""
        words = latin(text)
        taken = width(words, size, bold=bold)
        left = x - {"left": 0.0, "centre": taken / 2, "right": taken}[align]
        place = f"{left * POINTS:.2f} {(HEIGHT - y) * POINTS:.2f} Td"
        name = FONTS[bold][0]
        self._drawn.append(f"BT {_fill(colour)} /{name} {size:g} Tf {place} ({words.translate(ESCAPES)}) Tj ET")

    def paragraph(
        self, x: float, y: float, text: object, *, wide: float, leading: float, size: float = 9, colour: Colour = BLACK
    ) -> float:
        """As many lines of `wide` millimetres as it takes; answers the height of the line after the last."""
        for line in wrapped(latin(text), wide, size):
            self.text(x, y, line, size=size, colour=colour)
            y += leading
        return y

    def line(self, y: float, *, colour: Colour = BLACK) -> None:
        """A thin line from margin to margin."""
        left, right, height = MARGIN * POINTS, (WIDTH - MARGIN) * POINTS, (HEIGHT - y) * POINTS
        self._drawn.append(f"{_stroke(colour)} 0.5 w {left:.2f} {height:.2f} m {right:.2f} {height:.2f} l S")

    def frame(self, x: float, y: float, wide: float, high: float, *, colour: Colour = BLACK) -> None:
        """An empty rectangle."""
        place = " ".join(f"{side * POINTS:.2f}" for side in (x, HEIGHT - y - high, wide, high))
        self._drawn.append(f"{_stroke(colour)} 0.7 w {place} re S")

    def squares(self, x: float, y: float, side: float, rows: Sequence[Iterable[int]]) -> None:
        """A QR code: a square of `side` millimetres, its modules row by row."""
        module = side / len(rows) * POINTS
        top, left = (HEIGHT - y) * POINTS, x * POINTS
        dark = (
            f"{left + column * module:.2f} {top - (row + 1) * module:.2f} {module:.2f} {module:.2f} re"
            for row, cells in enumerate(rows)
            for column, cell in enumerate(cells)
            if cell
        )
        self._drawn.append(f"{_fill(BLACK)} {' '.join(dark)} f")

    def output(self, title: str) -> bytes:
        """The whole file."""
        drawn = zlib.compress("\n".join(self._drawn).encode("latin-1"), level=1)
        fonts = " ".join(f"/{name} {number} 0 R" for number, name in ((5, "F1"), (6, "F2")))
        font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
        size = f"{WIDTH * POINTS:.2f} {HEIGHT * POINTS:.2f}"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] /Contents 4 0 R"
            f" /Resources << /Font << {fonts} >> >> >>".encode(),
            f"<< /Length {len(drawn)} /Filter /FlateDecode >>\nstream\n".encode() + drawn + b"\nendstream",
            font.format("Helvetica").encode(),
            font.format("Helvetica-Bold").encode(),
            f"<< /Title ({latin(title).translate(ESCAPES)}) >>".encode("latin-1"),
        ]
        return _file(objects)


def latin(text: object) -> str:
    """The standard fonts know Latin-1, which holds all of Spanish; anything beyond it shows as a question mark."""
    return str(text).translate(REPLACED).encode("latin-1", "replace").decode("latin-1")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """What a line of Latin-1 takes, in millimetres."""
    known = _widths(bold=bold)
    return sum(known.get(letter, 556) for letter in text) * size / 1000 / POINTS


def wrapped(text: str, wide: float, size: float) -> list[str]:
    """The text in lines of at most `wide` millimetres, broken at blanks; a longer word has a line of its own."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in part.split():
            longer = f"{line} {word}".strip()
            if line and width(longer, size) > wide:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


@cache
def _widths(*, bold: bool) -> dict[str, int]:
    """By character; an accented letter is as wide as the letter itself."""
    ascii_only = dict(zip(map(chr, range(32, 127)), map(int, FONTS[bold][1].split()), strict=True))
    accented = {letter: unicodedata.normalize("NFD", letter)[0] for letter in map(chr, range(160, 256))}
    return ascii_only | {letter: ascii_only[bare] for letter, bare in accented.items() if bare in ascii_only}


def _fill(colour: Colour) -> str:
    return f"{_shades(colour)} rg"


def _stroke(colour: Colour) -> str:
    return f"{_shades(colour)} RG"


def _shades(colour: Colour) -> str:
    return " ".join(f"{shade / 255:.3f}" for shade in colour)


def _file(objects: Sequence[bytes]) -> bytes:
    """Header, objects, the table of their places, and where the table is (PDF 1.4)."""
    written, places = bytearray(b"%PDF-1.4\n"), list[int]()
    for number, content in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = len(written)
    rows = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    written += f"xref\n0 {count}\n0000000000 65535 f \n{rows}".encode()
    written += f"trailer\n<< /Size {count} /Root 1 0 R /Info {count - 1} 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(written)
