"""The JSON of the people of the house. Every route names the permission that it needs."""

from fastapi import APIRouter

from api.staff import (
    alerts,
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
    lists,
    operation_commands,
    operations,
    parameters,
    rates,
    reports,
    risk,
    rules,
    screening,
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
    lists,
    screening,
    alerts,
    rules,
    reports,
    risk,
):
    router.include_router(part.router)
