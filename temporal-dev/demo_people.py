"""Who lives in the local house: staff of every role, clients of every kind and state. All of them are invented.

Document numbers are of ranges that nobody has been given, with the check digits that the real ones carry.
"""

from dataclasses import dataclass

from stdnum.pe import ruc

from domain.accounts import CCI_CODES, AccountType, Bank, cci_is_valid
from domain.clients import ClientStatus, DocumentType, KycStatus
from domain.money import Currency
from domain.permissions import Role

MASTER = "rosa.quispe"
TRADER, OTHER_TRADER = "carla.mendoza", "diego.salas"
OPERATOR = "lucia.rojas"


@dataclass(frozen=True)
class Person:
    """Somebody of the house."""

    username: str
    name: str
    role: Role


STAFF = (
    Person(MASTER, "Rosa Quispe Llanos", Role.MASTER),
    Person("julio.paredes", "Julio Paredes Ochoa", Role.MASTER),
    Person(TRADER, "Carla Mendoza Rivas", Role.TRADER),
    Person(OTHER_TRADER, "Diego Salas Huerta", Role.TRADER),
    Person(OPERATOR, "Lucía Rojas Tello", Role.OPERADOR),
    Person("marco.flores", "Marco Flores Injante", Role.OPERADOR),
    Person("elena.vargas", "Elena Vargas Cuba", Role.MIDDLE_OFFICE),
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A bank account of a client."""

    bank: Bank
    currency: Currency
    number: str
    kind: AccountType = AccountType.AHORRO


@dataclass(frozen=True, kw_only=True)
class DemoClient:
    """A client of the local house. `names` is given names, first and second surname; a company has one name."""

    key: str
    kind: DocumentType
    number: str
    names: tuple[str, ...]
    status: ClientStatus = ClientStatus.ACTIVO
    complete: bool = True
    trader: str = ""
    referred_by: str = ""
    sanctioned: bool = False

    @property
    def kyc(self) -> KycStatus:
        """The review that goes with the client's state."""
        if self.status is ClientStatus.ACTIVO:
            return KycStatus.APROBADO
        return KycStatus.PENDIENTE if self.status is ClientStatus.INACTIVO else KycStatus.RECHAZADO

    @property
    def company(self) -> str:
        """The company's name, for a RUC that is not a person's."""
        return self.names[0] if len(self.names) == 1 else ""


def _ruc(body: str) -> str:
    return body + ruc.calc_check_digit(body)


def cci(bank: Bank, body: str) -> str:
    """A CCI of the bank whose next 15 digits are `body`, with its two check digits."""
    start = CCI_CODES[bank] + body
    return next(f"{start}{digits:02}" for digits in range(100) if cci_is_valid(f"{start}{digits:02}"))


DNI, CE, RUC, PASSPORT = DocumentType.DNI, DocumentType.CE, DocumentType.RUC, DocumentType.PASAPORTE
INACTIVE, BLOCKED = ClientStatus.INACTIVO, ClientStatus.BLOQUEADO

# The first is the one to try the house with: active, with every paper and account, and no operation under way.
CLIENTS = (
    DemoClient(key="ana", kind=DNI, number="99000011", names=("Ana Lucía", "Torres", "Beltrán")),
    DemoClient(
        key="bruno", kind=DNI, number="99000022", names=("Bruno", "Salcedo", "Vera"), complete=False, referred_by="ana"
    ),
    DemoClient(key="celia", kind=DNI, number="99000033", names=("Celia", "Huanca", "Pinto"), trader=TRADER),
    DemoClient(key="dario", kind=DNI, number="99000044", names=("Darío", "Ramos", "Ibarra"), trader=OTHER_TRADER),
    DemoClient(
        key="elsa", kind=DNI, number="99000055", names=("Elsa", "Campos", "Nina"), status=INACTIVE, complete=False
    ),
    DemoClient(key="fidel", kind=DNI, number="99000066", names=("Fidel", "Aguirre", "Soto"), status=BLOCKED),
    DemoClient(
        key="gaspar", kind=DNI, number="99000077", names=("Gaspar", "Zelada", "Moro"), trader=TRADER, sanctioned=True
    ),
    DemoClient(key="hiro", kind=CE, number="990000018", names=("Hiro", "Tanabe", "")),
    DemoClient(key="ines", kind=CE, number="990000029", names=("Inés", "Duarte", "Leal"), complete=False),
    DemoClient(
        key="joao", kind=CE, number="990000030", names=("João", "Pereira", "Lima"), status=INACTIVE, complete=False
    ),
    DemoClient(
        key="kallpa", kind=RUC, number=_ruc("2099000012"), names=("Importadora Kallpa SAC",), trader=OTHER_TRADER
    ),
    DemoClient(
        key="lomas",
        kind=RUC,
        number=_ruc("2099000034"),
        names=("Textiles Las Lomas EIRL",),
        complete=False,
        trader=TRADER,
    ),
    DemoClient(key="mina", kind=RUC, number=_ruc("2099000056"), names=("Minera Cerro Azul SA",), status=BLOCKED),
    DemoClient(key="nora", kind=RUC, number=_ruc("1099000088"), names=("Nora", "Valdez", "Ríos"), trader=TRADER),
    DemoClient(key="olga", kind=PASSPORT, number="XD990001", names=("Olga", "Petrova", "")),
    DemoClient(
        key="pierre", kind=PASSPORT, number="XF990002", names=("Pierre", "Moreau", ""), status=INACTIVE, complete=False
    ),
)

# Banks by turns, so that every one of them is somebody's.
_BANKS = (Bank.BCP, Bank.INTERBANK, Bank.BBVA, Bank.SCOTIABANK, Bank.BANBIF)


def accounts(place: int) -> list[Account]:
    """The two accounts, soles first, of the client at this place of `CLIENTS`.

    The place stands where every bank's own number keeps it: two clients with one account would be an alert.
    """
    bank = _BANKS[place % len(_BANKS)]
    return [
        # Told apart by its last digits, as real ones are: several banks leave the first two out of their own number.
        Account(bank=bank, currency=currency, number=cci(bank, f"1910000000{place:02}{digit}00"))
        for digit, currency in enumerate((Currency.PEN, Currency.USD))
    ]


HOUSE_BANKS = (Bank.BCP, Bank.INTERBANK, Bank.BBVA, Bank.SCOTIABANK, Bank.BANBIF)
HOUSE_NAME = "QoriCash SAC"
HOUSE_RUC = _ruc("2099000000")
