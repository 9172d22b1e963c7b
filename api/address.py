"""Where a request really comes from. Only configured proxies are believed about it (F170)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

Networks = tuple[IPv4Network | IPv6Network, ...]
UNKNOWN = "desconocida"
# An IPv6 home gets a whole /64: counting single addresses would count nothing.
IPV6_PREFIX = 64


def client_address(scope: Scope, proxies: Networks) -> str:
    """The caller's address: the last one in X-Forwarded-For that is not one of our own proxies.

    Anything to the left of it was written by the caller, and is not believed.
    """
    peer = (scope.get("client") or (UNKNOWN,))[0]
    if not proxies or not _within(peer, proxies):
        return _counted(peer)
    for hop in reversed(Headers(scope=scope).get("x-forwarded-for", "").split(",")):
        name = hop.strip()
        if not name:
            continue
        if not _within(name, proxies):
            return _counted(name)
        peer = name
    return _counted(peer)


def _within(name: str, networks: Networks) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _counted(name: str) -> str:
    try:
        address = ip_address(name)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)
