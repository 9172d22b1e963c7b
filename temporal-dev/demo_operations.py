"""A day of the local house, lived through its API: operations in every state, with the workflows behind them.

Each step carries the same idempotency key on every run, so a run that was interrupted is taken up where it stopped.
"""

from collections.abc import Iterable
from typing import Any

import httpx

from demo_papers import picture
from demo_people import MASTER, OTHER_TRADER, TRADER

Json = dict[str, Any]
SOLES, DOLLARS = "S/", "$"


class House:
    """The API, and the passwords of whoever enters it."""

    def __init__(self, api: str, known: Json) -> None:
        """`known` is what `demo.json` holds."""
        self._api = api
        self._clients = {client["key"]: client for client in known["clients"]}
        self._staff = {person["username"]: person for person in known["staff"]}

    def client(self, key: str) -> "Visitor":
        """A client, signed in."""
        person = self._clients[key]
        visitor = Visitor(self._api)
        answer = visitor.post("/api/client/login", json={"dni": person["dni"], "password": person["password"]})
        visitor.carry(answer["token"])
        return visitor

    def staff(self, username: str) -> "Visitor":
        """A person of the house, signed in."""
        visitor = Visitor(self._api)
        credentials = {"username": username, "password": self._staff[username]["password"]}
        visitor.carry(visitor.post("/api/staff/login", json=credentials)["token"])
        return visitor

    def document(self, key: str) -> str:
        """The document number of a client."""
        return str(self._clients[key]["dni"])


class Visitor:
    """Somebody at the API."""

    def __init__(self, api: str) -> None:
        """Not signed in yet."""
        # A proxy of the company must not be asked for the addresses of this machine.
        self._http = httpx.Client(base_url=api, timeout=30, trust_env=False)

    def carry(self, token: str) -> None:
        """Show this token from now on."""
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        """Ask; anything but a 2xx stops the demo, with what the API said."""
        return self._read(self._http.get(path))

    def post(self, path: str, *, key: str = "", **body: Any) -> Any:
        """Send, with an idempotency key when it is a command."""
        return self._read(self._http.post(path, headers={"Idempotency-Key": f"demo-{key}"} if key else {}, **body))

    def _read(self, answer: httpx.Response) -> Any:
        said = answer.json()
        if not answer.is_success or said is False or (isinstance(said, dict) and said.get("success") is False):
            raise SystemExit(
                f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:500]}"
            )
        return said


def make(api: str, known: Json) -> list[str]:
    """Live the day; answers the codes of its operations."""
    house = House(api, known)
    master = house.staff(MASTER)
    finished = [
        _proven(house, "bruno", "venta", 300, "1"),
        _proven(house, "celia", "compra", 500, "2"),
        _attended(house, OTHER_TRADER, "kallpa", 8000, "3"),
    ]
    for code in finished:
        _complete(master, code)
    in_process = [
        _proven(house, "hiro", "compra", 850.5, "4"),
        _attended(house, TRADER, "nora", 4000, "5"),
    ]
    # The list of restrictions stops the last one as soon as it is assessed.
    pending = [
        _asked_by_staff(house, OTHER_TRADER, "dario", 1200, "6"),
        _asked(house.client("ines"), "venta", 150, "7")["codigo_operacion"],
        _asked_by_staff(house, TRADER, "gaspar", 700, "8"),
    ]
    return [*finished, *in_process, *pending, _cancelled(house, "olga", "9")]


def _asked(client: Visitor, kind: str, dollars: float, key: str) -> Json:
    """An operation of the client's own hand, from the web."""
    wanted = SOLES if kind == "compra" else DOLLARS
    accounts = client.post("/api/web/my-accounts", json={})["data"]
    place = next(place for place, account in enumerate(accounts) if account["currency"] == wanted)
    body = {"tipo": kind, "monto_dolares": dollars, "banco_cuenta_id": place}
    operation: Json = client.post("/api/web/create-operation", key=f"{key}-create", json=body)["data"]["operation"]
    return operation


def _proven(house: House, who: str, kind: str, dollars: float, key: str) -> str:
    """An operation that its client has paid for."""
    client = house.client(who)
    operation = _asked(client, kind, dollars, key)
    code = str(operation["codigo_operacion"])
    client.post(
        "/api/web/submit-proof",
        key=f"{key}-proof",
        data={"operation_id": str(operation["id"]), "voucher_code": f"0045670{key}"},
        files=_files("files", "CONSTANCIA DE MUESTRA", [code]),
    )
    return code


def _cancelled(house: House, who: str, key: str) -> str:
    client = house.client(who)
    operation = _asked(client, "venta", 200, key)
    body = {"operation_id": operation["id"], "reason": "Ya no la necesito"}
    client.post("/api/web/cancel-operation", key=f"{key}-cancel", json=body)
    return str(operation["codigo_operacion"])


def _asked_by_staff(house: House, trader: str, who: str, dollars: int, key: str) -> str:
    """A Compra that a Trader writes down for its client."""
    return _written(house.staff(trader), house.document(who), dollars, key)


def _written(trader: Visitor, document: str, dollars: int, key: str) -> str:
    line = trader.post("/api/staff/clients/search", json={"search": document})["items"][0]
    accounts = trader.get(f"/api/staff/clients/{line['id']}")["accounts"]
    by_currency = {account["currency"]: account["id"] for account in accounts}
    body = {
        "client_id": line["id"],
        "kind": "Compra",
        "amount_usd": f"{dollars}.00",
        "source_account_id": by_currency["USD"],
        "destination_account_id": by_currency["PEN"],
    }
    return str(trader.post("/api/staff/operations", key=f"{key}-create", json=body)["code"])


def _attended(house: House, username: str, who: str, dollars: int, key: str) -> str:
    """A Compra whose abono the Trader has seen arrive, and that passed to an operator."""
    trader = house.staff(username)
    code = _written(trader, house.document(who), dollars, key)
    deposit = {"amount": f"{dollars}.00", "transfer_code": f"0045670{key}"}
    trader.post(f"/api/staff/operations/{code}/edit", key=f"{key}-edit", json={"deposits": [deposit]})
    trader.post(f"/api/staff/operations/{code}/start-processing", key=f"{key}-start", json={})
    return code


def _complete(master: Visitor, code: str) -> None:
    proof = _files("file", "PAGO DE MUESTRA", [code])
    path = f"/api/staff/operations/{code}"
    master.post(f"{path}/attach-proof", key=f"{code}-attach", data={"comentario": "Pago de muestra"}, files=proof)
    master.post(f"{path}/complete", key=f"{code}-complete", json={})


def _files(field: str, title: str, details: Iterable[str]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [(field, (f"{detail}.png", picture(title, detail), "image/png")) for detail in details]
