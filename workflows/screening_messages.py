"""What goes into and comes out of the workflows about lists: ids and counts, never a name or a document.

Every field added later needs a default: histories written before it must still be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.lists import ListCode


@dataclass(frozen=True, kw_only=True)
class RunOrder:
    """Look at every client: why, and who asked (None: the clock)."""

    cause: str
    user_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A look at every client, as far as it has come. `last` is the last client that was looked at."""

    run_id: int
    clients: int
    last: int = 0
    screened: int = 0
    new_hits: int = 0


@dataclass(frozen=True, kw_only=True)
class RescreeningStart:
    """What a new run of the workflow takes over from the one before it."""

    running: Run | None = None
    waiting: tuple[RunOrder, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PieceOrder:
    """The clients of a run after one."""

    run_id: int
    after: int


@dataclass(frozen=True, kw_only=True)
class PieceDone:
    """How far the run has come with this piece, by its row: a repeated piece counts once. `over`: nobody is left."""

    last: int
    screened: int
    new_hits: int
    over: bool


@dataclass(frozen=True, kw_only=True)
class RescreeningReport:
    """What the runs of one workflow found."""

    runs: int = 0
    screened: int = 0
    new_hits: int = 0


@dataclass(frozen=True, kw_only=True)
class RefreshOrder:
    """Ask one list's source whether it has something new."""

    list_code: ListCode


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """The version that is in force now, when it is a new one."""

    version_id: int | None = None
    entries: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, kw_only=True)
class RefreshReport:
    """Which lists have a new version, and which could not be brought."""

    renewed: tuple[ListCode, ...] = ()
    failed: tuple[ListCode, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SearchOrder:
    """Answer what somebody asked, by its row."""

    search_id: int


@dataclass(frozen=True, kw_only=True)
class Consulted:
    """What the outside service found of a client. `asked` is false when it had answered about this person already."""

    asked: bool
    open_hits: int = 0
