"""What the people of the house write of a client, read by the same rules as the public forms (F133, F146)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from api.staff.shapes import MAX_ID, Body, example
from db.accounts import NewAccount
from db.clients import NewClient
from db.tables import Client
from domain import accounts as account_rules
from domain import clients as rules
from domain.clients import DocumentType
from domain.errors import Invalid

Line = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)]


class ReasonBody(Body):
    """Why."""

    model_config = example(reason="Lo pidió el cliente por escrito")
    reason: str = Field(min_length=3, max_length=500)


class AccountBody(Body):
    """A bank account. `declared_own` says that the client declared to be its holder; without it nothing is kept."""

    model_config = example(
        bank="BCP", account_type="Ahorro", currency="PEN", number="19112345678012", region="Lima", declared_own=True
    )
    bank: Line
    account_type: Line
    currency: Line
    number: Line
    region: Line = "Lima"
    bank_label: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    declared_own: bool


class ContactBody(Body):
    """Contact data; what is absent stays as it is."""

    model_config = example(phone="987654321")
    email: Line | None = None
    phone: Line | None = None
    address: Line | None = None
    department: Line | None = None
    province: Line | None = None
    district: Line | None = None
    contact_person: Line | None = None
    accepts_promotions: bool | None = None


class IdentityBody(Body):
    """Names or document to correct; what is absent stays as it is."""

    model_config = example(paternal_surname="QUISPE", reason="El documento dice otra cosa")
    document_type: Line | None = None
    document_number: Line | None = None
    given_names: Line | None = None
    paternal_surname: Line | None = None
    maternal_surname: Line | None = None
    company_name: Line | None = None
    reason: str = Field(min_length=3, max_length=500)


class ClientBody(Body):
    """A new client. `trader_id` is Master's to give."""

    model_config = example(
        document_type="DNI",
        document_number="40000099",
        given_names="ROSA",
        paternal_surname="INVENTADA",
        email="rosa@example.com",
        phone="987654321",
        accounts=[
            {
                "bank": "BCP",
                "account_type": "Ahorro",
                "currency": "PEN",
                "number": "19112345678012",
                "declared_own": True,
            },
            {
                "bank": "BCP",
                "account_type": "Ahorro",
                "currency": "USD",
                "number": "19112345678112",
                "declared_own": True,
            },
        ],
    )
    document_type: Line
    document_number: Line
    given_names: Line = ""
    paternal_surname: Line = ""
    maternal_surname: Line = ""
    company_name: Line = ""
    contact_person: Line = ""
    email: Line
    phone: Line
    address: Line = ""
    department: Line = ""
    province: Line = ""
    district: Line = ""
    accepts_promotions: bool = False
    trader_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    accounts: list[AccountBody] = Field(max_length=account_rules.MAX_ACCOUNTS)


def new_client(body: ClientBody, *, trader_id: int | None, registered_by: int) -> NewClient:
    """Raises Invalid, naming the field."""
    kind = rules.document_type(body.document_type)
    names = _names(kind, body.given_names, body.paternal_surname, body.maternal_surname, company=body.company_name)
    return NewClient(
        document_type=kind,
        document_number=rules.document_number(kind, body.document_number),
        email="; ".join(rules.emails(body.email)),
        phone=rules.phone(body.phone),
        **names,
        contact_person=body.contact_person.upper(),
        address=body.address,
        department=body.department,
        province=body.province,
        district=body.district,
        origin="sistema",
        accepts_promotions=body.accepts_promotions,
        trader_id=trader_id,
        registered_by=registered_by,
    )


def read_account(body: AccountBody) -> NewAccount:
    """Raises Invalid; also when nobody declared whose account it is."""
    if not body.declared_own:
        raise Invalid("ACCOUNT_NOT_OWN", "La cuenta debe ser del cliente: pídele que lo declare.", field="declared_own")
    bank = account_rules.bank(body.bank, field="bank")
    kind, region = account_rules.account_type(body.account_type), account_rules.region(body.region, field="region")
    account_rules.check_region(region, bank, field="bank")
    return NewAccount(
        bank=bank,
        bank_label=body.bank_label,
        account_type=kind,
        currency=account_rules.currency(body.currency),
        number=account_rules.account_number(bank, kind, body.number, field="number"),
        region=region,
    )


def read_contact(body: ContactBody) -> dict[str, object]:
    """What was given, as it is stored. Raises Invalid."""
    values: dict[str, object] = body.model_dump(exclude_none=True)
    if body.email is not None:
        values["email"] = "; ".join(rules.emails(body.email))
    if body.phone is not None:
        values["phone"] = rules.phone(body.phone)
    return values


def read_identity(body: IdentityBody, client: Client) -> dict[str, str]:
    """The whole identity as it would be after the correction. Raises Invalid."""

    def after(name: str) -> str:
        given: str | None = getattr(body, name)
        return str(getattr(client, name)) if given is None else given

    kind = rules.document_type(after("document_type"))
    names = _names(
        kind,
        after("given_names"),
        after("paternal_surname"),
        after("maternal_surname"),
        company=after("company_name"),
    )
    return {
        "document_type": kind.value,
        "document_number": rules.document_number(kind, after("document_number")),
        **names,
    }


def _names(kind: DocumentType, given: str, paternal: str, maternal: str, *, company: str) -> dict[str, str]:
    """A company has one name, a person two or three; never both (F141)."""
    if kind is DocumentType.RUC and company.strip():
        return {
            "given_names": "",
            "paternal_surname": "",
            "maternal_surname": "",
            "company_name": rules.company_name(company, field="company_name"),
        }
    second = maternal.strip()
    return {
        "given_names": rules.person_name(given, field="given_names", what="los nombres"),
        "paternal_surname": rules.person_name(paternal, field="paternal_surname", what="el apellido paterno"),
        "maternal_surname": second and rules.person_name(second, field="maternal_surname", what="el apellido materno"),
        "company_name": "",
    }
