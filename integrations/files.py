"""Files in Cloudinary: content-addressed, private, reached only through signed requests of the house.

Everything is stored as `raw`, so that what comes back is byte for byte what was sent, and as `authenticated`, so that
no public address exists. The key names the content: storing the same file twice is storing it once.
"""

from __future__ import annotations

import asyncio
import io
import re
from hashlib import sha256
from typing import Any

import cloudinary.exceptions
import cloudinary.uploader
import cloudinary.utils
import httpx

from domain.errors import Missing
from domain.files import FileKind
from domain.operations import StoredFile
from integrations.connections import connections
from integrations.settings import FilesSettings

FOLDERS = ("dni", "operations/payment_proofs", "operations/operator_proofs", "compliance", "invoices")
CLOUDINARY = "https://api.cloudinary.com"
# What people send, and what the house itself keeps of a comprobante: its XML and SUNAT's CDR, which comes zipped too.
XML, ZIP = "application/xml", "application/zip"
EXTENSIONS = {**{kind.content_type: kind.extension for kind in FileKind}, XML: ".xml", ZIP: ".zip"}
KEY = re.compile(rf"(?:{'|'.join(FOLDERS)})/[0-9a-f]{{64}}(?:{'|'.join(map(re.escape, EXTENSIONS.values()))})")
NOT_FOUND = 404
# The SDK's own error, or what it or the house stumbles over in an answer that is not the manual's.
NOT_DONE = (cloudinary.exceptions.Error, LookupError, TypeError, ValueError)
PLACE = {"resource_type": "raw", "type": "authenticated"}


class StorageDown(Exception):
    """The store did not take or give the file: answer 503, and record nothing (F209)."""

    status = 503
    code = "STORAGE_DOWN"

    def __init__(self) -> None:
        """One sentence for the person."""
        self.message = "No pudimos guardar tu archivo. Intenta de nuevo en unos segundos."
        super().__init__(self.message)


class FileStore:
    """The house's files. One per process; close it with `aclose`."""

    def __init__(self, settings: FilesSettings) -> None:
        """Nothing is opened until the first file."""
        self._timeout = settings.timeout
        self._account: dict[str, Any] = {
            "cloud_name": settings.cloud_name,
            "api_key": settings.api_key,
            "api_secret": settings.api_secret.get_secret_value(),
            "upload_prefix": settings.upload_prefix or CLOUDINARY,
        }
        self._http = connections(settings.upload_prefix, timeout=settings.timeout)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def put(self, content: bytes, *, folder: str, content_type: str) -> StoredFile:
        """Store a file that `domain.files.sniff` has judged, or a comprobante's own paper. Raises StorageDown.

        Raises ValueError for a folder or a content type that the house does not keep: an error of the caller.
        """
        if folder not in FOLDERS:
            raise ValueError(f"unknown folder: {folder}")
        if content_type not in EXTENSIONS:
            raise ValueError(f"unknown content type: {content_type}")
        key = f"{folder}/{sha256(content).hexdigest()}{EXTENSIONS[content_type]}"
        stored = await asyncio.to_thread(self._upload, content, key)
        if stored != len(content):
            raise StorageDown
        return StoredFile(key=key, content_type=content_type, size=len(content))

    async def get(self, key: str) -> bytes:
        """The bytes of a stored file. Raises Missing, or StorageDown."""
        if not KEY.fullmatch(key):
            raise Missing("FILE_MISSING", "Ese archivo ya no está.")
        address = cloudinary.utils.private_download_url(key, "", **PLACE, **self._account)
        try:
            answer = await self._http.get(address, follow_redirects=True)
        except httpx.HTTPError as error:
            raise StorageDown from error
        if answer.status_code == NOT_FOUND:
            raise Missing("FILE_MISSING", "Ese archivo ya no está.")
        if not answer.is_success or sha256(answer.content).hexdigest() not in key:
            raise StorageDown
        return answer.content

    async def forget(self, key: str) -> None:
        """Remove a file for good; one that is not there is no error. Raises StorageDown."""
        await asyncio.to_thread(self._destroy, key)

    def _destroy(self, key: str) -> None:
        options = {**PLACE, **self._account, "invalidate": True, "timeout": self._timeout}
        try:
            cloudinary.uploader.destroy(key, **options)
        except NOT_DONE as error:
            raise StorageDown from error

    def _upload(self, content: bytes, key: str) -> int:
        """How many bytes the store says that it has. The SDK is synchronous: call in a thread."""
        name = key.rpartition("/")[2]
        options = {**PLACE, **self._account, "public_id": key, "filename": name, "timeout": self._timeout}
        try:
            answer = cloudinary.uploader.upload(io.BytesIO(content), **options)
            return int(answer["bytes"])
        except NOT_DONE as error:
            raise StorageDown from error
