"""The house's public push key (RFC 8292), that a browser needs to subscribe; it follows from the private one."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02


def public_key(private_key: str) -> str:
    """`applicationServerKey`: an uncompressed P-256 point in base64url without padding."""
    point = Vapid02.from_string(private_key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
