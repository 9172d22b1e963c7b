"""Every route says who may call it."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from api.auth import policy_of

# Built by the framework itself, without a dependency to mark: the documentation and the sockets.
FRAMEWORK = {"/docs", "/docs/oauth2-redirect", "/api/openapi.json", "/socket.io"}


def _calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


def test_every_route_has_an_explicit_policy(app: FastAPI):
    """F164: eight administration addresses were open to everybody because nobody had said that they were not."""
    unmarked = [
        f"{sorted(route.methods or [])} {route.path}"
        for route in iter_route_contexts(app.routes)
        if route.path not in FRAMEWORK
        and not (hasattr(route, "dependant") and any(policy_of(call) for call in _calls(route.dependant)))
    ]
    assert unmarked == []


def test_every_route_of_the_staff_refuses_a_stranger_in_its_policy(app: FastAPI):
    """Only the doors themselves are public: the password's and the passkey's."""
    public = {
        route.path
        for route in iter_route_contexts(app.routes)
        if (route.path or "").startswith("/api/staff")
        and any(policy_of(call).startswith("público") for call in _calls(route.dependant))
    }
    doors = {"/api/staff/login", "/api/staff/passkey/options", "/api/staff/passkey/login"}
    assert public == doors


def test_every_operation_of_the_documentation_says_what_it_does(app: FastAPI):
    paths = app.openapi()["paths"]
    silent = [
        f"{verb} {path}" for path, verbs in paths.items() for verb, told in verbs.items() if not told.get("description")
    ]
    assert silent == []
