"""The files themselves: content by its hash in a folder, and the public id that points at it."""

from __future__ import annotations

import hashlib
import mimetypes
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from files_signing import Denied
from standin import Json, Store

# How the formats that Cloudinary treats as images begin; HEIC names its brand after a length.
SIGNATURES = {
    "png": (0, b"\x89PNG\r\n\x1a\n"),
    "jpg": (0, b"\xff\xd8\xff"),
    "gif": (0, b"GIF8"),
    "webp": (8, b"WEBP"),
    "pdf": (0, b"%PDF-"),
    "heic": (4, b"ftyphei"),
    "heif": (4, b"ftypmif1"),
}
VIDEO = (4, b"ftyp")


@dataclass(frozen=True)
class Kind:
    """Where Cloudinary files a content: its resource type and, for images and videos, its format."""

    resource_type: str
    format: str | None


def kind_of(content: bytes, asked: str) -> Kind:
    """The kind of a content uploaded as `asked` (image, video, raw or auto). Raises Denied 400 as the service does."""
    if not content:
        raise Denied(400, "Empty file")
    if asked == "raw":
        return Kind("raw", None)
    for name, (offset, start) in SIGNATURES.items():
        if content[offset:].startswith(start) and asked in ("image", "auto"):
            return Kind("image", name)
    if asked in ("video", "auto") and content[VIDEO[0] :].startswith(VIDEO[1]):
        return Kind("video", "mp4")
    if asked == "auto":
        return Kind("raw", None)
    raise Denied(400, f"Invalid {asked} file")


class Shelf:
    """The assets of the account, by resource type, access type and public id."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Keep contents in `folder` and what they are in `store`."""
        self.store = store
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes, *, kind: Kind, params: Mapping[str, str], filename: str) -> Json:
        """File `content` under the public id of `params` and return the asset, `existing` when nothing was changed."""
        public_id = _public_id(params, filename, kind)
        key = f"{kind.resource_type}/{params.get('type', 'upload')}/{public_id}"
        earlier = self.store.get("asset", key=key)
        if earlier and params.get("overwrite") in ("0", "false"):
            return {**_shown(earlier), "existing": True}
        asset = _asset(content, kind, params, public_id=public_id, filename=filename, earlier=earlier)
        self._write(content)
        with self.store.together():
            self.store.replace("asset", asset, key=key)
            self.store.add("upload", asset)
        return {**asset, "overwritten": True} if earlier else asset

    def forget(self, resource_type: str, access: str, public_id: str) -> bool:
        """Drop an asset; False when there is none. Contents stay: another asset may have the same."""
        return self.store.remove("asset", key=f"{resource_type}/{access}/{public_id}")

    def find(self, resource_type: str, access: str, name: str) -> tuple[bytes, str] | None:
        """Content and media type behind a delivered name; images and videos carry their format as its extension."""
        asset = self.store.get("asset", key=f"{resource_type}/{access}/{name}")
        if asset is None and resource_type != "raw":
            stem, _, extension = name.rpartition(".")
            asset = self.store.get("asset", key=f"{resource_type}/{access}/{stem}")
            if asset and asset["format"] != extension:
                return None
        if asset is None:
            return None
        media_type = mimetypes.guess_type(f"x.{asset['format']}" if asset.get("format") else name)[0]
        return (self.folder / asset["sha256"]).read_bytes(), media_type or "application/octet-stream"

    def _write(self, content: bytes) -> None:
        """Write beside and rename, so that a kill in the middle leaves no half file under its hash."""
        target = self.folder / hashlib.sha256(content).hexdigest()
        if not target.exists():
            beside = target.with_suffix(f".{secrets.token_hex(4)}")
            beside.write_bytes(content)
            beside.replace(target)


def _public_id(params: Mapping[str, str], filename: str, kind: Kind) -> str:
    """The id asked for, or a random one; a `folder` goes before either."""
    name = params.get("public_id") or secrets.token_hex(10)
    if not params.get("public_id") and params.get("use_filename") in ("1", "true"):
        path = PurePosixPath(filename)
        name = path.name if kind.resource_type == "raw" else path.stem
    return f"{params['folder'].strip('/')}/{name}" if params.get("folder") else name


def _asset(
    content: bytes, kind: Kind, params: Mapping[str, str], *, public_id: str, filename: str, earlier: Json | None
) -> Json:
    """The service's description of an asset. Its version is the second of upload, and always grows."""
    version = max(int(time.time()), earlier["version"] + 1 if earlier else 0)
    return {
        "asset_id": earlier["asset_id"] if earlier else secrets.token_hex(16),
        "public_id": public_id,
        "version": version,
        "resource_type": kind.resource_type,
        "type": params.get("type", "upload"),
        "format": kind.format,
        "bytes": len(content),
        "etag": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tags": [tag for tag in params.get("tags", "").split(",") if tag],
        "original_filename": PurePosixPath(filename).stem,
        "placeholder": False,
    }


def _shown(asset: Json) -> Json:
    return {name: value for name, value in asset.items() if name not in ("id", "at")}
