"""The first sheet of an .xlsx or .xls that a person brings, as rows of cells.

It is opened by a process of its own, with little memory and little time. The library takes room for every cell from the
first to the farthest one: a space left in the last corner of a sheet of 5 KB asks for 500 GB, and the system ends
whoever asks for that. It would have been the API. Nor does a long sheet keep the API from answering others.
"""

from __future__ import annotations

import io
import pickle
import resource
import subprocess
import sys
from collections.abc import Sequence

from python_calamine import CalamineWorkbook

Cells = Sequence[object]

_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx, xls
# A hundred thousand rows of fourteen columns take a third of this memory, and 4 s.
MOST_MEMORY = 1024**3
MOST_SECONDS = 30


class WorkbookUnreadable(Exception):
    """It can not be opened, or is no sheet that a person would fill. The message says what to do."""


def is_workbook(content: bytes) -> bool:
    """By its first bytes; anything else is text, or nothing of ours."""
    return content.startswith(_MAGIC)


def first_sheet(content: bytes, *, most_rows: int) -> list[Cells]:
    """Its first rows, as many as are wanted at the most. Raises WorkbookUnreadable."""
    command = [sys.executable, "-I", __file__, str(most_rows)]
    try:
        read = subprocess.run(command, input=content, capture_output=True, check=True, timeout=MOST_SECONDS)  # noqa: S603
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        words = "La hoja de cálculo no se puede abrir. Copia sus filas a una hoja nueva y guárdala como .xlsx."
        raise WorkbookUnreadable(words) from error
    rows: list[Cells] = pickle.loads(read.stdout)  # noqa: S301 - what the lines below wrote
    return rows


def _open() -> None:
    """The process of its own: a workbook comes in, its rows go out. Whatever fails ends it."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    with CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())) as book:
        # With its empty rows, so that the third row is the third one for who looks at it.
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False, nrows=int(sys.argv[1]))
    sys.stdout.buffer.write(pickle.dumps(rows))


if __name__ == "__main__":
    _open()
