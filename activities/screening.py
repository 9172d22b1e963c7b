"""Screening: one client, everybody in pieces, a name that somebody asks for, and the lists from their source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client as TemporalClient
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError

from activities.lists_in_memory import ListsInForce, ListsInMemory
from db import incidents, lists, notifications, screenings
from db.session import Sessions
from db.tables import Client, NameSearch
from domain.errors import Conflict
from domain.lists import OUTDATED, REQUIRED, ListCode, Snapshot
from domain.notifications import role_room
from domain.permissions import Role
from domain.screening import Subject, result
from integrations.sanction_lists.errors import ListUnreachable, ListUnreadable
from integrations.sanction_lists.source import ListSource
from workflows import messages as m
from workflows import names
from workflows import screening_messages as s

PIECE = 500
REPRESENTATIVE = "representante"
ALERTED = "lista_no_actualizada"
# Without the two lists nobody is wholly checked; they come within minutes of a first start.
LISTS_APPEAR = timedelta(seconds=10)


class ScreeningActivities:
    """Load, compare in memory, record."""

    def __init__(
        self, sessions: Sessions, source: ListSource, client: TemporalClient, *, outside: bool = False
    ) -> None:
        """Use the worker's pool and its client; `source` is where lists are published.

        `outside`: the house has an account at Inspektor, which is asked in its own time about whoever is new.
        """
        self._outside = outside
        self._sessions = sessions
        self._source = source
        self._client = client
        self._lists = ListsInMemory(sessions)

    def bulk(self) -> Sequence[Callable[..., Any]]:
        """What runs on the queue of lists."""
        return (
            self.open_screening_run,
            self.rescreen_piece,
            self.refresh_list,
            self.order_rescreening,
            self.answer_name_search,
        )

    @activity.defn(name=names.SCREEN_CLIENT)
    async def screen_client(self, order: m.ClientOrder) -> m.Screened:
        """Look at one client. Fails, to be tried again, while a list that nobody can do without is missing (F254)."""
        outcome, in_force = await self._screen(order.client_id, occasion="cliente")
        missing = REQUIRED - in_force.numbers.keys()
        if missing:
            raise ApplicationError(
                f"Falta cargar: {', '.join(sorted(missing))}.", type="ListsMissing", next_retry_delay=LISTS_APPEAR
            )
        return m.Screened(open_hits=outcome.open_hits, strongest=outcome.strongest)

    async def freshen(self, client_id: int) -> None:
        """Look again at a client that operates, if a list is newer than its last check or it is another person now."""
        async with self._sessions() as session:
            stale = await screenings.is_stale(session, client_id)
        if stale:
            await self._screen(client_id, occasion="operación")

    @activity.defn(name=names.OPEN_SCREENING_RUN)
    async def open_screening_run(self, order: s.RunOrder) -> s.Run:
        """Begin a look at everybody."""
        in_force = await self._lists.current()
        async with self._sessions.begin() as session:
            run = await screenings.start_run(
                session, cause=order.cause, numbers=in_force.numbers, user_id=order.user_id
            )
            return s.Run(run_id=run.id, clients=run.clients)

    @activity.defn(name=names.RESCREEN_PIECE)
    async def rescreen_piece(self, order: s.PieceOrder) -> s.PieceDone:
        """Look at the next clients and write what is new, all in one transaction with the run's progress."""
        in_force = await self._lists.current()
        async with self._sessions() as session:
            clients = await screenings.clients_after(session, order.after, limit=PIECE)
        checked = []
        for client in clients:
            checked.append(await _compared(client, in_force))
            activity.heartbeat()
        last, over, now = max((one.client_id for one in checked), default=order.after), len(clients) < PIECE, _now()
        async with self._sessions.begin() as session:
            outcomes = await screenings.record(
                session, checked, numbers=in_force.numbers, standing=in_force.rows, occasion="todos", at=now
            )
            run = await screenings.advance_run(
                session,
                order.run_id,
                after=order.after,
                last=last,
                screened=len(checked),
                new_hits=sum(outcome.new_hits for outcome in outcomes.values()),
                at=now if over else None,
            )
        return s.PieceDone(last=last, screened=run.screened, new_hits=run.new_hits, over=over)

    @activity.defn(name=names.REFRESH_LIST)
    async def refresh_list(self, order: s.RefreshOrder) -> s.Refreshed:
        """Bring a list and put it in force if it is new and whole; otherwise nothing changes and an incident opens."""
        code = order.list_code
        try:
            snapshot = await self._source.fetch(code)
            return await self._swapped(code, snapshot)
        except Exception as error:
            # Whatever it was, the house screens against an old list and must know.
            told = isinstance(error, ListUnreadable | ListUnreachable | Conflict)
            why = str(error) if told else f"No se pudo leer ni guardar ({type(error).__name__})."
            await self._alert(code, why)
            raise ApplicationError(why, type=type(error).__name__) from error

    @activity.defn(name=names.ORDER_RESCREENING)
    async def order_rescreening(self, order: s.RunOrder) -> None:
        """Have everybody looked at: now, or after the look that is under way."""
        await self._client.start_workflow(
            names.RESCREENING,
            s.RescreeningStart(),
            id=names.RESCREENING_ID,
            task_queue=names.OPERATIONS_QUEUE,
            static_summary="Revisión de todos los clientes en las listas",
            start_signal=names.LOOK_AT_ALL,
            start_signal_args=[order],
        )

    @activity.defn(name=names.ANSWER_NAME_SEARCH)
    async def answer_name_search(self, order: s.SearchOrder) -> None:
        """Write into its row what the lists say of a name."""
        in_force = await self._lists.current()
        async with self._sessions.begin() as session:
            asked = await session.get_one(NameSearch, order.search_id)
            subject = Subject(
                kind=asked.kind,
                name=asked.name,
                document_number=asked.document_number,
                birth_date=asked.birth_date,
                nationality=asked.nationality,
            )
            found = [match.finding() for match in in_force.screener.screen(subject)]
            asked.result, asked.answered_at = result(found, in_force.numbers), _now()
            asked.versions = lists.as_json(in_force.numbers)
            asked.matches = [
                {
                    "list_code": one.list_code,
                    "uid": one.uid,
                    "name": one.name,
                    "score": one.score,
                    "likely": one.likely,
                    "explanation": one.explanation,
                }
                for one in found
            ]

    async def _screen(self, client_id: int, *, occasion: str) -> tuple[screenings.Outcome, ListsInForce]:
        in_force = await self._lists.current()
        async with self._sessions.begin() as session:
            client = await session.get_one(Client, client_id)
            outcomes = await screenings.record(
                session,
                [await _compared(client, in_force)],
                numbers=in_force.numbers,
                standing=in_force.rows,
                occasion=occasion,
                at=_now(),
            )
            new_person = self._outside and await screenings.is_unknown_outside(session, client_id, at=_now())
        if new_person:
            await self._client.start_workflow(
                names.INSPEKTOR_CHECK,
                m.ClientOrder(client_id=client_id),
                id=names.inspektor_id(client_id),
                task_queue=names.OPERATIONS_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"Cliente {client_id}: consulta a Inspektor",
            )
        return outcomes[client_id], in_force

    async def _swapped(self, code: ListCode, snapshot: Snapshot) -> s.Refreshed:
        now = _now()
        async with self._sessions.begin() as session:
            version = await lists.swap(session, snapshot, origin="descarga", now=now)
            await incidents.close_incidents(session, kind=OUTDATED, subject=code, at=now)
        if version is None:
            return s.Refreshed(entries=len(snapshot.entries))
        return s.Refreshed(
            version_id=version.id,
            entries=version.entries,
            added=version.added,
            changed=version.changed,
            removed=version.removed,
        )

    async def _alert(self, code: ListCode, why: str) -> None:
        """An incident that stays until the list comes whole, and a word to who must know, once a day."""
        async with self._sessions.begin() as session:
            await incidents.open_incident(session, kind=OUTDATED, subject=code, detail=why)
            for role in (Role.MIDDLE_OFFICE, Role.MASTER):
                await notifications.notify(
                    session,
                    key=f"lista:{code}:{_now():%Y-%m-%d}",
                    room=role_room(role),
                    event=ALERTED,
                    payload={"list_code": code.value, "message": f"La lista {code} no se pudo actualizar. {why}"},
                )


async def _compared(client: Client, in_force: ListsInForce) -> screenings.Checked:
    """Compare, and let whatever waits have its turn: a comparison takes a millisecond, and there may be thousands."""
    found = {}
    speaks = screenings.representative_of(client)
    for match in in_force.screener.screen(speaks) if speaks else ():
        told = match.finding()
        found[told.list_code, told.uid] = replace(told, explanation={"de": REPRESENTATIVE, **told.explanation})
    # An entry that is both is told of the client itself.
    for match in in_force.screener.screen(screenings.subject_of(client)):
        told = match.finding()
        found[told.list_code, told.uid] = told
    await asyncio.sleep(0)
    return screenings.Checked(
        client_id=client.id, fingerprint=screenings.fingerprint_of(client), findings=tuple(found.values())
    )


def _now() -> datetime:
    return datetime.now(UTC)
