"""Treasury's tasks by the clock: each may be run again, and changes nothing that is done already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity

from db import closings, control, goals, ledger_days, position, reference_rates
from db.session import Sessions
from domain.calendar import business_day, format_day
from domain.closings import ClosingState
from integrations.bcrp import Bcrp
from workflows import names
from workflows.treasury_messages import TreasuryOrder, TreasuryReport, TreasuryTask

REFERENCE_DAYS = timedelta(days=10)


class TreasuryActivities:
    """Draft of the close, nightly check, sums by day, reference rates and goals."""

    def __init__(self, sessions: Sessions, bcrp: Bcrp) -> None:
        """Use the worker's pool and its connection to the central bank."""
        self._sessions = sessions
        self._bcrp = bcrp

    @activity.defn(name=names.DO_TREASURY_TASK)
    async def do_treasury_task(self, order: TreasuryOrder) -> TreasuryReport:
        """Do one task and say what it found."""
        tasks: dict[TreasuryTask, Callable[[datetime], Awaitable[str]]] = {
            TreasuryTask.DAILY_CLOSE: self._draft,
            TreasuryTask.NIGHTLY_CHECK: self._check,
            TreasuryTask.ROLL_UP: self._roll_up,
            TreasuryTask.REFERENCE_RATES: self._references,
            TreasuryTask.GOALS: self._goals,
        }
        return TreasuryReport(words=await tasks[order.task](datetime.now(UTC)))

    async def _draft(self, now: datetime) -> str:
        """The draft of the day that ends, unless somebody has signed it; open operations are told, not cancelled."""
        # A late run, past midnight, still closes the day that it was for.
        day = business_day(now - timedelta(hours=6))
        async with self._sessions.begin() as session:
            known = await closings.live(session, day)
            if known is not None and known.state is ClosingState.FIRMADO:
                return f"El {format_day(day)} ya estaba firmado."
            row = await closings.draft(session, day=day, at=now)
            return f"Borrador del {format_day(day)}; {row.open_operations} operaciones abiertas."

    async def _check(self, now: datetime) -> str:
        async with self._sessions.begin() as session:
            await ledger_days.roll_up(session, at=now)
        async with self._sessions.begin() as session:
            checked = await control.check_everything(session, now=now)
        return ", ".join(f"{key}: {count}" for key, count in checked.found) or "Todo cuadra."

    async def _roll_up(self, now: datetime) -> str:
        async with self._sessions.begin() as session:
            added = await ledger_days.roll_up(session, at=now)
        async with self._sessions.begin() as session:
            level = await position.watch(session, now=now)
        return f"{added} líneas sumadas; posición {level}."

    async def _references(self, now: datetime) -> str:
        today = business_day(now)
        found = await self._bcrp.rates(today - REFERENCE_DAYS, today)
        async with self._sessions.begin() as session:
            return f"{await reference_rates.keep(session, found, at=now)} días nuevos."

    async def _goals(self, now: datetime) -> str:
        today = business_day(now)
        async with self._sessions.begin() as session:
            given = await goals.roll_over(session, year=today.year, month=today.month, at=now)
        return f"{given} metas pasadas al mes."
