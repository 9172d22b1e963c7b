"""Every table of the house, by noun. Importing this package fills `Base.metadata`."""

from db.tables.audit import AuditEntry, IdempotencyKey, Incident, Parameter
from db.tables.base import Base
from db.tables.cases import CaseAlert, CaseFile, ComplianceAudit, ComplianceCase
from db.tables.clients import Client, ClientAccount, ClientDocument, ClientIdentityChange, EmailCode
from db.tables.closings import Approval, DailyClosure, DailyClosureLine
from db.tables.companies import CompanyPerson, OperationRequest
from db.tables.complaints import Complaint, ComplaintYear
from db.tables.compliance import TransactionMonitoring
from db.tables.devices import ClientDevice
from db.tables.invoices import Invoice, InvoiceAttempt, InvoiceSeries, InvoiceVoid
from db.tables.ledger import (
    LedgerAccount,
    LedgerDay,
    LedgerEntry,
    LedgerLine,
    LedgerMark,
    LedgerPeriod,
    LedgerYear,
)
from db.tables.lists import ListEntry, ListVersion
from db.tables.netting import Batch, Match, TraderGoal
from db.tables.notifications import Delivery, Notification, PushSubscription
from db.tables.operations import (
    Deposit,
    Note,
    NoteReading,
    Operation,
    OperationEvent,
    Payout,
    Proof,
    Refund,
    Settlement,
)
from db.tables.partners import Partner, PartnerClient, PartnerKey
from db.tables.rate_alerts import RateAlert, RateAlertFiring
from db.tables.referrals import ReferralEntry, RewardCode
from db.tables.register import RegisterEntry, RosDraft
from db.tables.reversals import Reversal
from db.tables.risk import ClientRiskProfile, ClientRiskScore
from db.tables.rules import ComplianceRule, RuleSnooze, RuleTrial
from db.tables.screening import ClientHit, ListCheck, NameSearch, ScreeningRun
from db.tables.second_factors import ClientPasskey, Passkey, RecoveryCode, UserTotp
from db.tables.statements import BankStatement, StatementLine, StatementMatch
from db.tables.treasury import ClientRate, ExchangeRate, HouseAccount, RateTier, ReferenceRate
from db.tables.users import Session, User

__all__ = [
    "Approval",
    "AuditEntry",
    "BankStatement",
    "Base",
    "Batch",
    "CaseAlert",
    "CaseFile",
    "Client",
    "ClientAccount",
    "ClientDevice",
    "ClientDocument",
    "ClientHit",
    "ClientIdentityChange",
    "ClientPasskey",
    "ClientRate",
    "ClientRiskProfile",
    "ClientRiskScore",
    "CompanyPerson",
    "Complaint",
    "ComplaintYear",
    "ComplianceAudit",
    "ComplianceCase",
    "ComplianceRule",
    "DailyClosure",
    "DailyClosureLine",
    "Delivery",
    "Deposit",
    "EmailCode",
    "ExchangeRate",
    "HouseAccount",
    "IdempotencyKey",
    "Incident",
    "Invoice",
    "InvoiceAttempt",
    "InvoiceSeries",
    "InvoiceVoid",
    "LedgerAccount",
    "LedgerDay",
    "LedgerEntry",
    "LedgerLine",
    "LedgerMark",
    "LedgerPeriod",
    "LedgerYear",
    "ListCheck",
    "ListEntry",
    "ListVersion",
    "Match",
    "NameSearch",
    "Note",
    "NoteReading",
    "Notification",
    "Operation",
    "OperationEvent",
    "OperationRequest",
    "Parameter",
    "Partner",
    "PartnerClient",
    "PartnerKey",
    "Passkey",
    "Payout",
    "Proof",
    "PushSubscription",
    "RateAlert",
    "RateAlertFiring",
    "RateTier",
    "RecoveryCode",
    "ReferenceRate",
    "ReferralEntry",
    "Refund",
    "RegisterEntry",
    "Reversal",
    "RewardCode",
    "RosDraft",
    "RuleSnooze",
    "RuleTrial",
    "ScreeningRun",
    "Session",
    "Settlement",
    "StatementLine",
    "StatementMatch",
    "TraderGoal",
    "TransactionMonitoring",
    "User",
    "UserTotp",
]
