"""What goes into and comes out of the workflows about lists: ids and counts, never a name or a document.

Every field added later needs a default: histories written before it must still be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.lists import ListCode


@dataclass(frozen=True, kw_only=True)
class RescreenStart:
    """Look at every client. With `run_id` a run that already began goes on from where it is."""

    cause: str
    user_id: int | None = None
    run_id: int = 0
    after: int = 0
    screened: int = 0
    new_hits: int = 0
    clients: int = 0


@dataclass(frozen=True, kw_only=True)
class RunOpened:
    """A run that begins: how many clients it has before it."""

    run_id: int
    clients: int


@dataclass(frozen=True, kw_only=True)
class RescreenPiece:
    """The clients of a run after an id."""

    run_id: int
    after: int


@dataclass(frozen=True, kw_only=True)
class PieceDone:
    """How far a piece came. `over`: nobody is left."""

    last: int
    screened: int
    new_hits: int
    over: bool


@dataclass(frozen=True, kw_only=True)
class RescreenReport:
    """What a run found."""

    run_id: int
    screened: int
    new_hits: int


@dataclass(frozen=True, kw_only=True)
class RefreshOrder:
    """Ask one list's source whether it has something new."""

    list_code: ListCode


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """`version_id` of the version now in force, when it is a new one."""

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
    """What the outside service found of a client; `asked` is false when it had answered already."""

    asked: bool
    open_hits: int = 0
