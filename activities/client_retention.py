"""Closed accounts whose term of conservation is over (Ley 29733)."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity

from db import client_retention
from db.session import Sessions
from integrations.files import FileStore
from workflows import client_messages as c
from workflows import names


class RetentionActivities:
    """Each client by itself; a store that is away leaves it for the next try."""

    def __init__(self, sessions: Sessions, files: FileStore) -> None:
        """Use the worker's pool and the house's files."""
        self._sessions = sessions
        self._files = files

    @activity.defn(name=names.ANONYMISE_CLIENTS)
    async def anonymise_clients(self) -> c.Anonymised:
        """Take the personal data and the files of each. Raises StorageDown."""
        now = datetime.now(UTC)
        async with self._sessions() as session:
            due = await client_retention.due(session, now=now)
        for client_id in due:
            async with self._sessions() as session:
                keys = await client_retention.files_to_forget(session, client_id, now=now)
            for key in keys:
                await self._files.forget(key)
            async with self._sessions.begin() as session:
                await client_retention.anonymise(session, client_id, now=now)
        return c.Anonymised(clients=len(due))
