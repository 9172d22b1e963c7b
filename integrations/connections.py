"""The HTTP connections of the integrations: kept open, with the machine's certificates read once a process."""

from __future__ import annotations

import functools
import ssl

import httpx

from integrations.loopback import is_loopback


def connections(*addresses: str, timeout: float, follow_redirects: bool = False) -> httpx.AsyncClient:
    """A client for the provider at `addresses`; `timeout` in seconds. No proxy may catch what is on this machine."""
    return httpx.AsyncClient(
        verify=_certificates(),
        trust_env=not all(is_loopback(address) for address in addresses),
        timeout=timeout,
        follow_redirects=follow_redirects,
    )


@functools.cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()
