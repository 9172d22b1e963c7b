"""Bringing the published lists: whole files over HTTPS, read before anything is changed."""

from __future__ import annotations

import asyncio

import httpx

from domain.lists import ListCode, Snapshot
from integrations.connections import connections
from integrations.sanction_lists import ofac, un
from integrations.sanction_lists.errors import ListUnreachable, ListUnreadable
from integrations.settings import ListSettings

OFAC_FILES = ("SDN.CSV", "ALT.CSV", "ADD.CSV")
# The largest of them has 5 MB today; what is ten times that is not a list.
MAX_BYTES = 64 * 1024 * 1024
PUBLISHED = (ListCode.OFAC, ListCode.ONU)


class ListSource:
    """Where the lists are published. One per process; close it with `aclose`."""

    def __init__(self, settings: ListSettings) -> None:
        """Nothing is asked until the first call."""
        self._settings = settings
        self._http = connections(settings.ofac_url, settings.un_url, timeout=settings.timeout, follow_redirects=True)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def fetch(self, code: ListCode) -> Snapshot:
        """The list as it is published now. Raises ListUnreachable or ListUnreadable."""
        if code is ListCode.OFAC:
            sdn, alt, add = [await self._file(f"{self._settings.ofac_url}/{name}") for name in OFAC_FILES]
            return await asyncio.to_thread(ofac.read, sdn, alt, add)
        if code is ListCode.ONU:
            return await asyncio.to_thread(un.read, await self._file(self._settings.un_url))
        raise ListUnreachable(f"La lista {code} no se descarga: se importa.")

    async def _file(self, address: str) -> bytes:
        name = address.rpartition("/")[2]
        try:
            async with self._http.stream("GET", address) as answer:
                if not answer.is_success:
                    raise ListUnreachable(f"{name}: la fuente respondió {answer.status_code}.")
                return await _whole(answer, name)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ListUnreachable(f"{name}: la fuente no respondió completa ({type(error).__name__}).") from error


async def _whole(answer: httpx.Response, name: str) -> bytes:
    """Every byte that was announced (httpx fails for a body cut short), within what a list may be."""
    content = bytearray()
    async for some in answer.aiter_bytes():
        content += some
        if len(content) > MAX_BYTES:
            raise ListUnreadable(f"{name} es demasiado grande para ser una lista.")
    return bytes(content)
