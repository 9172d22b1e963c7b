"""Every table of the house, by noun. Importing this package fills `Base.metadata`."""

from db.tables.audit import AuditEntry, IdempotencyKey, Incident, Parameter
from db.tables.base import Base
from db.tables.cases import CaseAlert, ComplianceAudit, ComplianceCase
from db.tables.clients import Client, ClientAccount, ClientDocument, ClientIdentityChange, EmailCode
from db.tables.complaints import Complaint, ComplaintYear
from db.tables.compliance import TransactionMonitoring
from db.tables.invoices import Invoice, InvoiceAttempt, InvoiceSeries, InvoiceVoid
from db.tables.notifications import Delivery, Notification, PushSubscription
from db.tables.operations import (
    Deposit,
    Note,
    Operation,
    OperationEvent,
    Payout,
    Proof,
    Refund,
    Settlement,
)
from db.tables.referrals import ReferralEntry, RewardCode
from db.tables.risk import ClientRiskProfile, ClientRiskScore
from db.tables.treasury import ExchangeRate, HouseAccount
from db.tables.users import Session, User

__all__ = [
    "AuditEntry",
    "Base",
    "CaseAlert",
    "Client",
    "ClientAccount",
    "ClientDocument",
    "ClientIdentityChange",
    "ClientRiskProfile",
    "ClientRiskScore",
    "Complaint",
    "ComplaintYear",
    "ComplianceAudit",
    "ComplianceCase",
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
    "Note",
    "Notification",
    "Operation",
    "OperationEvent",
    "Parameter",
    "Payout",
    "Proof",
    "PushSubscription",
    "ReferralEntry",
    "Refund",
    "RewardCode",
    "Session",
    "Settlement",
    "TransactionMonitoring",
    "User",
]
