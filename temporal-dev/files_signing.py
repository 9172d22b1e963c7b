"""Cloudinary's signatures: of an API request, of an answer, and of a delivery address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

# A signed request is good for an hour (Cloudinary, "Authentication requests").
FRESH_SECONDS = 3600
CLOSED_TYPES = ("authenticated", "private")


class Denied(Exception):
    """A refused call: its status and the service's own English text."""

    def __init__(self, status: int, message: str) -> None:
        """`status` is the HTTP status."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Cloud:
    """The account: name, credentials, and the address it is served at."""

    name: str
    api_key: str
    api_secret: str
    base: str


def check_request(account: Cloud, signed: Mapping[str, str], *, cloud: str, credentials: Mapping[str, str]) -> None:
    """Raise Denied unless the signed parameters carry the account's own signature and are fresh."""
    if cloud != account.name:
        raise Denied(401, f"Invalid cloud_name {cloud}")
    if credentials.get("api_key") != account.api_key:
        raise Denied(401, "Unknown API key")
    to_sign = "&".join(sorted(f"{name}={value}".replace("&", "%26") for name, value in signed.items() if value))
    given = credentials.get("signature", "")
    if not hmac.compare_digest(_sha1(to_sign + account.api_secret).hex(), given):
        raise Denied(401, f"Invalid Signature {given}. String to sign - '{to_sign}'.")
    _check_fresh(signed)


def check_delivery(account: Cloud, raw_path: str) -> tuple[str, str, str]:
    """Resource type, access type and name of `/<cloud>/<resource>/<type>/[s--x--/][transformation/][v1/]<name>`.

    Raises Denied 401 when a closed file's signature is missing or wrong, 404 when the address has another shape.
    Transformations are accepted and not applied: the file is delivered as it was uploaded.
    """
    shape = re.fullmatch(r"/([^/]+)/(image|video|raw)/(upload|authenticated|private)/(.+)", raw_path)
    if shape is None or shape[1] != account.name:
        raise Denied(404, "Resource not found")
    resource_type, access, rest = shape[2], shape[3], shape[4]
    signature, rest = _split(r"s--[\w-]+--", rest)
    before, _, after = re.sub(r"(?:^|/)v\d+/", "\0", f"/{rest}", count=1).partition("\0")
    transformation, name = (before.strip("/"), after) if after else ("", rest)
    if access in CLOSED_TYPES or signature:
        to_sign = "/".join(part for part in (transformation, name) if part)
        _check_signature(account, to_sign, signature)
    return resource_type, access, unquote(name)


def sign_version(account: Cloud, public_id: str, version: int) -> str:
    """The signature with which an upload's answer proves itself (SDK `verify_api_response_signature`)."""
    return _sha1(f"public_id={public_id}&version={version}{account.api_secret}").hex()


def _check_fresh(signed: Mapping[str, str]) -> None:
    now = time.time()
    if not signed.get("timestamp", "").isdigit():
        raise Denied(400, "Missing required parameter - timestamp")
    if now - int(signed["timestamp"]) > FRESH_SECONDS and "expires_at" not in signed:
        raise Denied(400, "Stale request - reported time is more than 1 hour ago")
    if "expires_at" in signed and int(signed["expires_at"]) < now:
        raise Denied(401, "Link expired")


def _check_signature(account: Cloud, to_sign: str, signature: str) -> None:
    expected = base64.urlsafe_b64encode(_sha1(to_sign + account.api_secret))[:8].decode()
    if not hmac.compare_digest(f"s--{expected}--", signature):
        raise Denied(401, "Unauthorized: signature missing or wrong")


def _split(pattern: str, path: str) -> tuple[str, str]:
    """A leading segment that matches, and the rest."""
    first, _, rest = path.partition("/")
    return (first, rest) if re.fullmatch(pattern, first) else ("", path)


def _sha1(text: str) -> bytes:
    return hashlib.sha1(text.encode(), usedforsecurity=False).digest()
