"""The worker of lists in a process of its own, that dies by SIGKILL after a piece whose answer nobody got."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from activities import screening
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings
from integrations.sanction_lists.source import ListSource
from integrations.settings import ListSettings
from integrations.temporal import PLAIN_CONVERTER
from workflows import names

PIECE = 10


class Death(Interceptor):
    """Kills this process once it has written `pieces` pieces, before it can say so; 0 is never."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - SDK's
        return Dying(next, self)


class Dying(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, death: Death) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._death = death

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        answer = await super().execute_activity(input)
        if input.fn.__name__ == names.RESCREEN_PIECE:
            self._death.left -= 1
            if self._death.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return answer


def work(address: str, namespace: str, database_url: str, pieces: int) -> None:
    """Work until killed."""
    screening.PIECE = PIECE
    asyncio.run(_work(address, namespace, database_url, pieces))


async def _work(address: str, namespace: str, database_url: str, pieces: int) -> None:
    sessions = make_sessions(make_engine(DatabaseSettings(url=database_url)))
    client = await Client.connect(address, namespace=namespace, data_converter=PLAIN_CONVERTER)
    desk = screening.ScreeningActivities(sessions, ListSource(ListSettings()), client)
    await Worker(
        client,
        task_queue=names.LISTS_QUEUE,
        activities=desk.bulk(),
        interceptors=[Death(pieces)],
        build_id="de-prueba",
        graceful_shutdown_timeout=timedelta(seconds=1),
    ).run()
