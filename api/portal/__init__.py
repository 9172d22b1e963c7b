"""The pages of the clients. They call what the contract's JSON calls: no rule lives in a page."""

from fastapi import APIRouter

from api.portal import (
    accounts,
    app,
    auth,
    companies,
    complaints,
    dashboard,
    documents,
    home,
    inbox,
    mail_links,
    new_operation,
    notice_preferences,
    operations,
    passkeys,
    profile,
    proofs,
    rate_alerts,
    referrals,
    registration,
)
from api.portal.errors import PortalRoute

router = APIRouter(include_in_schema=False, route_class=PortalRoute)

PARTS = (
    home,
    app,
    auth,
    registration,
    dashboard,
    new_operation,
    mail_links,
    operations,
    proofs,
    accounts,
    documents,
    profile,
    passkeys,
    companies,
    referrals,
    rate_alerts,
    complaints,
    inbox,
    notice_preferences,
)
for part in PARTS:
    router.include_router(part.router)
