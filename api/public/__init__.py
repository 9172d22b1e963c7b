"""The contract of the existing web and mobile clients: their paths, their keys in two languages, their envelope.

Those clients send no token: identity is the session that login leaves in a cookie (or hands over as `token`), and a
document or id in a request must be that session's own, else it does not exist (404).
"""

from __future__ import annotations

from api.public import (
    accounts,
    cancellations,
    clients,
    complaints,
    documents,
    hours,
    inbox,
    invoices,
    legal,
    lookups,
    notice_preferences,
    operations,
    passwords,
    proofs,
    push,
    rate_alerts,
    rates,
    referrals,
    registration,
)

PARTS = (
    rates,
    clients,
    registration,
    lookups,
    passwords,
    documents,
    accounts,
    operations,
    proofs,
    invoices,
    cancellations,
    referrals,
    complaints,
    legal,
    hours,
    push,
    rate_alerts,
    notice_preferences,
    inbox,
)
ROUTES = [route for part in PARTS for route in part.router.routes]
