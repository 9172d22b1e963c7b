"""What goes into and comes out of the undoing of an operation: ids and states, never personal data.

Every field added later needs a default: histories written before it must still be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.operations import Actor


@dataclass(frozen=True, kw_only=True)
class ReversalStart:
    """A request that was written; `requested_by` is an internal id."""

    reversal_id: int
    code: str
    requested_by: int


@dataclass(frozen=True, kw_only=True)
class ReversalDecision:
    """A second person's word. `reason` is needed to say no."""

    actor: Actor
    approved: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordReversalDecision:
    """Write the decision on a request and, when it is yes, undo what the house holds."""

    reversal_id: int
    decision: ReversalDecision


@dataclass(frozen=True, kw_only=True)
class ReversalProgress:
    """Where the request stands."""

    state: str
