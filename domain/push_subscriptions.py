"""A browser's push subscription, as its page hands it over: what of it may be believed (RFC 8030, RFC 8291)."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from domain.errors import Invalid

MAX_DEVICES = 10
# The address comes from the client's browser: only the services of known browsers are called, so that nobody can point
# our servers at another machine.
BROWSER_SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "notify.windows.com",
    "push.apple.com",
)
_POINT, _SECRET = 65, 16  # an uncompressed P-256 point and the authentication secret, in bytes


def known_service(endpoint: str) -> bool:
    """Whether the address is one of a known browser's push service, over TLS."""
    try:
        place = urlsplit(endpoint)
    except ValueError:  # an unclosed IPv6 address
        return False
    known = any(f".{place.hostname}".endswith(f".{name}") for name in BROWSER_SERVICES)
    return place.scheme == "https" and known


def keys(p256dh: str, auth: str) -> dict[str, str]:
    """The two keys of a subscription. Raises Invalid when they are not what a browser makes."""
    if not _is_point(_bytes(p256dh)) or len(_bytes(auth)) != _SECRET:
        raise Invalid("PUSH_KEYS", "La suscripción de este navegador está incompleta. Activa los avisos otra vez.")
    return {"p256dh": p256dh, "auth": auth}


def _is_point(content: bytes) -> bool:
    """With one that is not on the curve nothing can be encrypted for the browser."""
    if len(content) != _POINT:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), content)
    except ValueError:
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""
