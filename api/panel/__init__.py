"""The pages of the people of the house. They call what the staff JSON calls: no rule lives in a page."""

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from api.auth import public
from api.panel import (
    accounting,
    alerts,
    approvals,
    auth,
    board,
    cases,
    client_commands,
    clients,
    closings,
    complaints,
    compliance_reports,
    control,
    goals,
    hits,
    house,
    house_accounts,
    incidents,
    invoice_commands,
    invoices,
    kyc,
    ledger,
    ledger_acts,
    lists,
    movements,
    netting,
    netting_acts,
    new_operation,
    notices,
    operation_commands,
    operation_list,
    operations,
    partners,
    position,
    preferential_rates,
    rates,
    referrals,
    reversals,
    risk,
    rules,
    search,
    second_factors,
    statements,
    today,
)
from api.panel.errors import PanelRoute
from domain.errors import Missing

first = APIRouter(prefix="/panel", route_class=PanelRoute)
last = APIRouter(prefix="/panel", route_class=PanelRoute)


@first.get("", dependencies=[public("solo lleva a la primera página")])
async def home() -> RedirectResponse:
    """The panel begins at its board."""
    return RedirectResponse(auth.HOME, HTTPStatus.SEE_OTHER)


# A form's own address comes before the one that takes any code or number.
PARTS = (
    auth,
    second_factors,
    today,
    board,
    search,
    new_operation,
    operation_list,
    operations,
    operation_commands,
    reversals,
    client_commands,
    clients,
    rates,
    preferential_rates,
    house_accounts,
    movements,
    position,
    closings,
    statements,
    control,
    approvals,
    invoices,
    invoice_commands,
    notices,
    referrals,
    house,
    partners,
    kyc,
    # The draft of a case's ROS comes before the acts on a case.
    compliance_reports,
    cases,
    alerts,
    hits,
    risk,
    rules,
    lists,
    # The dialog of a new lote comes before the page of one.
    netting_acts,
    netting,
    ledger_acts,
    ledger,
    accounting,
    goals,
    complaints,
    incidents,
)


@last.get("/{nowhere:path}", dependencies=[public("dice que ahí no hay nada, como una página de la casa")])
async def nowhere(nowhere: str) -> RedirectResponse:
    """An address that the panel does not have is told as its other refusals are."""
    raise Missing("NOT_FOUND", f"El panel no tiene la página «{nowhere[:60]}».")


ROUTERS = (first, *(part.router for part in PARTS), last)
ROUTES = [route for router in ROUTERS for route in router.routes]
