"""The JSON of the people of the house. Every route names the permission that it needs."""

from fastapi import APIRouter

from api.staff import (
    alerts,
    auth,
    cases,
    client_actions,
    client_exports,
    client_kyc,
    clients,
    codec,
    complaints,
    operation_commands,
    operations,
    rates,
    reports,
    risk,
    rules,
    users,
)

router = APIRouter(prefix="/api/staff")
for part in (
    auth,
    operations,
    operation_commands,
    rates,
    clients,
    client_actions,
    client_kyc,
    client_exports,
    complaints,
    users,
    codec,
    cases,
    alerts,
    rules,
    reports,
    risk,
):
    router.include_router(part.router)
