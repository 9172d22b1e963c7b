"""An authenticator without a device: makes passkeys and answers with them, true or as a thief would."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url as text

PRESENT_AND_VERIFIED, WITH_KEY = 0x05, 0x40


@dataclass
class Authenticator:
    """One passkey. `count` is what it says of how often it was used; `handle` whose it was told to be."""

    origin: str
    rp_id: str
    count: int = 0
    handle: str = ""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The browser's answer to a request for a new passkey."""
        self.handle = options["user"]["id"]
        point = self._key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
        about = bytes(16) + len(self.id).to_bytes(2) + self.id + public
        shown = self._data(PRESENT_AND_VERIFIED | WITH_KEY) + about
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": shown})
        return self._answer("webauthn.create", options, {"attestationObject": text(attested)})

    def prove(self, options: dict[str, Any]) -> dict[str, Any]:
        """The browser's answer to who comes in."""
        self.count += 1
        shown = self._data(PRESENT_AND_VERIFIED)
        said = self._said("webauthn.get", options)
        signature = self._key.sign(shown + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        parts = {"authenticatorData": text(shown), "signature": text(signature), "userHandle": self.handle}
        return self._answer("webauthn.get", options, parts)

    def owner(self) -> str:
        """Whose it was told to be."""
        return base64url_to_bytes(self.handle).decode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _said(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _answer(self, kind: str, options: dict[str, Any], parts: dict[str, str]) -> dict[str, Any]:
        response = {"clientDataJSON": text(self._said(kind, options)), **parts}
        return {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}
