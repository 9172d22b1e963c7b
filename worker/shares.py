"""What one worker process takes on: everything, or what people wait for apart from what follows by itself."""

from __future__ import annotations

from enum import StrEnum

from workflows import names


class Share(StrEnum):
    """A part of the work. Every queue needs somebody: one process for `todo`, or one for each of the others."""

    ALL = "todo"
    OPERATIONS = "operaciones"
    EFFECTS = "efectos"

    @property
    def queues(self) -> tuple[str, ...]:
        """The task queues that it asks for work."""
        effects = (names.INVOICING_QUEUE, names.NOTICES_QUEUE, names.LISTS_QUEUE)
        return {
            Share.ALL: (names.OPERATIONS_QUEUE, *effects),
            Share.OPERATIONS: (names.OPERATIONS_QUEUE,),
            Share.EFFECTS: effects,
        }[self]
