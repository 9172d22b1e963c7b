"""The JSON of the people of the house. Every route names the permission that it needs."""

from fastapi import APIRouter

from api.staff import (
    audit,
    auth,
    cases,
    client_actions,
    client_exports,
    client_kyc,
    clients,
    codec,
    complaints,
    incidents,
    invoice_actions,
    invoice_exports,
    invoices,
    operation_commands,
    operations,
    parameters,
    rates,
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
    incidents,
    parameters,
    audit,
    invoice_exports,
    invoices,
    invoice_actions,
):
    router.include_router(part.router)
