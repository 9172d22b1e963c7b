"""What a workflow's history costs: its Temporal Actions and events, and what each of them was for.

Counted by Temporal Cloud's price list (https://docs.temporal.io/cloud/actions): a start, an accepted update, a signal,
a timer and a search-attribute upsert are an Action each; an activity is one per attempt; all the local activities of
one workflow task are one together. A refused update, which its validator kept out of the history, is not counted here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_TASK = "Tareas del flujo"
_TIMERS = "Temporizadores"
_UPDATES = "Órdenes (updates)"
_LOCAL = "Escrituras locales"
_ONE_ACTION = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "Inicio",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: _UPDATES,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "Señales",
    EventType.EVENT_TYPE_TIMER_STARTED: _TIMERS,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "Atributos de búsqueda",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "Continúa como nuevo",
}
_NO_ACTION = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: _TASK,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: _TASK,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: _TASK,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: _TASK,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: _TASK,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: _UPDATES,
    EventType.EVENT_TYPE_TIMER_CANCELED: _TIMERS,
    EventType.EVENT_TYPE_TIMER_FIRED: _TIMERS,
}


@dataclass
class Bill:
    """Actions and events by what they were for."""

    actions: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    def add(self, other: Bill) -> None:
        """Sum another history's."""
        self.actions.update(other.actions)
        self.events.update(other.events)


def bill(history: WorkflowHistory) -> Bill:
    """The bill of one history."""
    total, activities, local_tasks = Bill(), dict[int, str](), set[int]()
    for event in history.events:
        what = _what(event, activities)
        total.events[what] += 1
        if event.event_type in _ONE_ACTION:
            total.actions[what] += 1
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            # One event for all the attempts: it says which one ended it.
            total.actions[what] += event.activity_task_started_event_attributes.attempt
        elif event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            local_tasks.add(event.marker_recorded_event_attributes.workflow_task_completed_event_id)
    if local_tasks:
        total.actions[_LOCAL] = len(local_tasks)
    return total


def _what(event: HistoryEvent, activities: dict[int, str]) -> str:
    """What an event was for; `activities` remembers the names of those scheduled."""
    kind = event.event_type
    if kind in _ONE_ACTION:
        return _ONE_ACTION[kind]
    if kind in _NO_ACTION:
        return _NO_ACTION[kind]
    if kind == EventType.EVENT_TYPE_MARKER_RECORDED:
        return _LOCAL
    if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
        activities[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
        return activities[event.event_id]
    scheduled = _scheduled(event)
    return activities[scheduled] if scheduled else "Cierre"


def _scheduled(event: HistoryEvent) -> int:
    """Which activity an event belongs to; 0 for an event of something else."""
    attributes = getattr(event, event.WhichOneof("attributes") or "", None)
    return int(getattr(attributes, "scheduled_event_id", 0))
