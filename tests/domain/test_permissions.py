"""Roles and permissions, cell by cell: the table is written out here a second time, on purpose."""

import pytest

from domain.permissions import GRANTS, Permission, Role, Scope, allows, scope

ROLES = (Role.MASTER, Role.TRADER, Role.OPERADOR, Role.MIDDLE_OFFICE)

# Permission, then Master, Trader, Operador, Middle Office. F164, F165, F167.
TABLE = """
operations.read               x x x x
operations.note               x x x x
operations.create             x x . .
operations.submit_proof       x x . .
operations.edit_pending       x x . .
operations.edit_deposits      x x . .
operations.edit_payouts       x . x .
operations.start_processing   x x . .
operations.return             x . x .
operations.reassign           x . . .
operations.attach_proof       x . x .
operations.complete           x . x .
operations.cancel_pending     x x . .
operations.cancel_in_process  x . . .
operations.extend_deadline    x x . .
operations.resolve_hold       x . . x
operations.retry_effect       x . . .
operations.waive_effect       x . . .
operations.reverse            x . . .
clients.read                  x x x x
clients.create                x x . .
clients.edit                  x x . .
clients.kyc                   x . . x
clients.reassign              x . . .
clients.export                x x . x
clients.close                 x . . .
complaints.read               x . . x
complaints.answer             x . . x
rates.read                    x x x x
rates.set                     x . . .
users.manage                  x . . .
invoices.read                 x x x .
invoices.manage               x . . .
notices.resend                x x x .
referrals.manage              x . . .
partners.manage               x . . .
parameters.manage             x . . .
compliance.read               x . . x
compliance.resolve            x . . x
treasury.read                 x . x .
treasury.move                 x . x .
treasury.approve              x . . .
treasury.accounts             x . . .
reconciliation.manage         x . x .
closings.sign                 x . x .
netting.read                  x . x .
netting.manage                x . . .
goals.read                    x x . .
goals.manage                  x . . .
accounting.read               x . . .
accounting.manage             x . . .
compliance.rules              x . . x
compliance.report             x . . x
audit.read                    x . . .
incidents.manage              x . . .
temporal.decode               x . . x
"""
LINES = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [
    pytest.param(role, name, mark == "x", id=f"{role}-{name}")
    for name, *marks in LINES
    for role, mark in zip(ROLES, marks, strict=True)
]


@pytest.mark.parametrize(("role", "name", "granted"), CELLS)
def test_a_role_has_exactly_the_permissions_of_the_table(role, name, granted):
    assert allows(role, Permission(name)) is granted


def test_every_permission_and_every_role_is_in_the_table():
    """F177: a role or permission that is added without deciding its cells fails here."""
    assert {name for name, *_ in LINES} == set(Permission)
    assert set(ROLES) == set(Role) == set(GRANTS)


def test_an_operador_can_not_activate_clients():
    """F167."""
    assert not allows(Role.OPERADOR, Permission.CLIENTS_KYC)


@pytest.mark.parametrize("noun", ["operations", "clients", "invoices", "notifications"])
@pytest.mark.parametrize("role", ROLES)
def test_only_a_trader_is_kept_to_its_portfolio(role, noun):
    """F165."""
    assert scope(role, noun) is (Scope.PORTFOLIO if role is Role.TRADER else Scope.ALL)


def test_the_rate_is_the_same_for_everybody():
    """F054."""
    assert {scope(role, "rates") for role in Role} == {Scope.ALL}


def test_who_decodes_payloads_sees_all_clients_and_all_holds():
    deciders = {role for role in Role if allows(role, Permission.TEMPORAL_DECODE)}
    assert all(scope(role, "clients") is Scope.ALL for role in deciders)
    assert all(allows(role, Permission.COMPLIANCE_READ) for role in deciders)
