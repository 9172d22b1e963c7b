"""The transition table, cell by cell, and what no sequence of commands may break."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import commands as c
from domain import lifecycle
from domain.errors import Conflict, Forbidden, Invalid, Refused
from domain.lifecycle import RULES, decide
from domain.money import to_pen
from domain.operations import (
    MAX_DEPOSITS,
    MAX_PAYOUTS,
    MAX_PROOFS,
    SYSTEM,
    Actor,
    ActorKind,
    Assessment,
    Effect,
    EffectState,
    Kind,
    Line,
    Operation,
    Origin,
    Proof,
    State,
    StoredFile,
)
from domain.permissions import Role

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
FILE = StoredFile(key="operations/payment_proofs/abc.png", content_type="image/png", size=67)
CLIENT = Actor(kind=ActorKind.CLIENT, id=1)
STRANGER = Actor(kind=ActorKind.CLIENT, id=2)
TRADER = Actor(kind=ActorKind.STAFF, id=10, role=Role.TRADER)
OPERATOR = Actor(kind=ActorKind.STAFF, id=20, role=Role.OPERADOR)
OTHER_OPERATOR = Actor(kind=ActorKind.STAFF, id=21, role=Role.OPERADOR)
MASTER = Actor(kind=ActorKind.STAFF, id=30, role=Role.MASTER)
OTHER_MASTER = Actor(kind=ActorKind.STAFF, id=31, role=Role.MASTER)
OFFICER = Actor(kind=ActorKind.STAFF, id=40, role=Role.MIDDLE_OFFICE)
PEOPLE = {
    "client": CLIENT,
    "stranger": STRANGER,
    "trader": TRADER,
    "operator": OPERATOR,
    "other operator": OTHER_OPERATOR,
    "master": MASTER,
    "officer": OFFICER,
}

# design, section 4: command, the states in which it makes sense, and who may.
PENDING, PROCESSING, OPEN, ALL = (
    {State.PENDIENTE},
    {State.EN_PROCESO},
    {State.PENDIENTE, State.EN_PROCESO},
    set(State),
)
TABLE: dict[type, tuple[set[State], set[str]]] = {
    c.SubmitProof: (OPEN, {"client", "trader", "master"}),
    c.StartProcessing: (PENDING, {"trader", "master"}),
    c.ReturnToPending: (PROCESSING, {"operator", "master"}),
    c.Reassign: (PROCESSING, {"master"}),
    c.AttachProof: (PROCESSING, {"operator", "master"}),
    c.RemoveProof: (PROCESSING, {"operator", "master"}),
    c.Complete: (PROCESSING, {"operator", "master"}),
    c.ExtendDeadline: (PENDING, {"trader", "master"}),
    c.ReleaseHold: (OPEN, {"officer", "master"}),
    c.ConfirmHold: (OPEN, {"officer", "master"}),
    c.RetryEffect: (ALL, {"master"}),
    c.WaiveEffect: (ALL, {"master"}),
}
# The two commands whose "who" depends on the state.
BY_STATE: dict[type, dict[State, set[str]]] = {
    c.Edit: {State.PENDIENTE: {"trader", "master"}, State.EN_PROCESO: {"operator", "trader", "master"}},
    c.Cancel: {State.PENDIENTE: {"client", "trader", "master"}, State.EN_PROCESO: {"master"}},
}


def new(kind: Kind = Kind.COMPRA, usd: str = "100.00", origin: Origin = Origin.WEB) -> Operation:
    amount, rate = Decimal(usd), Decimal("3.4010")
    return Operation(
        code="EXP-1001",
        version=1,
        client_id=1,
        kind=kind,
        origin=origin,
        amount_usd=amount,
        base_rate=rate,
        rate=rate,
        amount_pen=to_pen(amount, rate),
        source_account_id=100,
        destination_account_id=200,
        created_at=NOW,
        created_by=CLIENT,
        assessment=Assessment.CLEAR,
        expires_at=NOW + timedelta(minutes=15) if origin.self_service else None,
    )


def ready(state: State, command: type) -> Operation:
    """An operation in `state` in which nothing but the table could refuse `command`."""
    operation = new()
    operation = replace(
        operation,
        state=state,
        deposits=(Line(number=1, amount=operation.pays, account_id=100),),
        payouts=(Line(number=2, amount=operation.receives, account_id=200),),
        proofs=(Proof(number=3, by_operator=True, file=FILE),),
        next_number=4,
        operator_id=OPERATOR.id if state is not State.PENDIENTE else None,
        effects={Effect.INVOICE: EffectState.REFUSED},
    )
    if command in {c.ReleaseHold, c.ConfirmHold}:
        return replace(operation, assessment=Assessment.HELD)
    return operation


def written(command: type, actor: Actor, state: State) -> c.Command:
    """The command with input that is right."""
    edit: dict[str, Any] = {"comments": "x"}
    if command is c.Edit and state is State.EN_PROCESO and actor.role is Role.TRADER:
        edit = {"deposits": (c.LineDraft(number=1, amount=Decimal("99.00"), account_id=100),)}
    inputs: dict[type, dict[str, Any]] = {
        c.SubmitProof: {"files": (FILE,)},
        c.Edit: edit,
        c.ReturnToPending: {"reason": "el abono no figura"},
        c.Reassign: {"operator_id": OTHER_OPERATOR.id},
        c.AttachProof: {"files": (FILE,)},
        c.RemoveProof: {"number": 3},
        c.Cancel: {"reason": "el cliente ya no la quiere"},
        c.ExtendDeadline: {"expires_at": NOW + timedelta(hours=1), "reason": "su banco está caído"},
        c.ReleaseHold: {"resolution": "homónimo"},
        c.ConfirmHold: {"resolution": "es la persona de la lista"},
        c.RetryEffect: {"effect": Effect.INVOICE},
        c.WaiveEffect: {"effect": Effect.INVOICE, "reason": "se emitió a mano"},
    }
    made: c.Command = command(actor=actor, **inputs.get(command, {}))
    return made


def expected(command: type, state: State) -> set[str]:
    if command in BY_STATE:
        return BY_STATE[command].get(state, set())
    states, people = TABLE[command]
    return people if state in states else set()


def test_the_table_names_every_command_once() -> None:
    assert set(RULES) == set(TABLE) | set(BY_STATE)
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", RULES, ids=lambda command: RULES[command].name)
def test_who_may_do_what_in_which_state_is_the_table_and_nothing_else(command: type, state: State) -> None:
    """F044: each action that is allowed succeeds, each other one is refused, for every person."""
    allowed = set()
    operation = ready(state, command)
    for who, actor in PEOPLE.items():
        try:
            after = decide(operation, written(command, actor, state), NOW)
        except (Forbidden, Conflict):
            continue
        allowed.add(who)
        assert after.version == operation.version + 1
        assert after.state is (RULES[command].to or state)
    assert allowed == expected(command, state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", RULES, ids=lambda command: RULES[command].name)
def test_what_the_screen_does_not_offer_is_refused(command: type, state: State) -> None:
    """F044: `why_not` gives a reason only where the command would be refused."""
    operation = ready(state, command)
    for actor in PEOPLE.values():
        if lifecycle.why_not(operation, command, actor):
            with pytest.raises(Refused):
                decide(operation, written(command, actor, state), NOW)


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ({"proofs": ()}, "proofs"),
        ({"payouts": ()}, "payouts"),
        ({"payouts": (Line(number=2, amount=Decimal("340.10"), account_id=None),)}, "payouts"),
        ({"payouts": (Line(number=2, amount=Decimal(0), account_id=200),)}, "payouts"),
        ({"payouts": (Line(number=2, amount=Decimal("340.09"), account_id=200),)}, "payouts"),
        ({"deposits": (Line(number=1, amount=Decimal("99.99"), account_id=100),)}, "deposits"),
    ],
)
def test_completing_names_what_is_missing(missing: dict[str, Any], field: str) -> None:
    """F013, F042."""
    operation = replace(ready(State.EN_PROCESO, c.Complete), **missing)
    with pytest.raises(Invalid) as refused:
        decide(operation, c.Complete(actor=OPERATOR), NOW)
    assert refused.value.field == field


def test_the_difference_of_the_payouts_is_named_to_the_cent() -> None:
    """F042: 2,000 + 1,600 against 3,700.00 lacks 100.00; 2,000 + 1,700 passes."""
    operation = replace(ready(State.EN_PROCESO, c.Complete), amount_usd=Decimal(1000), amount_pen=Decimal("3700.00"))
    operation = replace(operation, deposits=(Line(number=1, amount=Decimal(1000), account_id=100),))
    first = Line(number=2, amount=Decimal(2000), account_id=200)
    short = replace(operation, payouts=(first, Line(number=9, amount=Decimal(1600), account_id=200)))
    with pytest.raises(Invalid, match=r"Faltan S/ 100\.00"):
        decide(short, c.Complete(actor=OPERATOR), NOW)
    exact = replace(operation, payouts=(first, Line(number=9, amount=Decimal(1700), account_id=200)))
    assert decide(exact, c.Complete(actor=OPERATOR), NOW).state is State.COMPLETADA


def test_a_proof_fills_in_the_abono_and_the_pago() -> None:
    """F030, F047: a Venta of USD 500 at 3.7500 is paid with PEN 1,875.00 and pays USD 500.00."""
    venta = replace(new(Kind.VENTA, "500.00"), rate=Decimal("3.7500"), amount_pen=Decimal("1875.00"))
    after = decide(venta, c.SubmitProof(actor=CLIENT, transfer_code="00123", files=(FILE,)), NOW)
    assert after.deposits == (Line(number=1, amount=Decimal("1875.00"), account_id=100, transfer_code="00123"),)
    assert after.payouts == (Line(number=3, amount=Decimal("500.00"), account_id=200),)
    assert after.expires_at is None


def test_a_proof_without_code_or_file_leaves_it_pendiente() -> None:
    """F032."""
    with pytest.raises(Invalid):
        decide(new(), c.SubmitProof(actor=CLIENT), NOW)


def test_a_hold_pauses_the_deadline_and_its_release_gives_back_what_was_left() -> None:
    held = lifecycle.assessed(new(), Assessment.HELD, NOW + timedelta(minutes=4))
    assert (held.expires_at, held.time_left) == (None, timedelta(minutes=11))
    later = NOW + timedelta(hours=3)
    released = decide(held, c.ReleaseHold(actor=OFFICER, resolution="homónimo"), later)
    assert (released.expires_at, released.time_left) == (later + timedelta(minutes=11), None)
    assert released.assessment is Assessment.CLEAR


@pytest.mark.parametrize(
    ("command", "state"),
    [(c.SubmitProof, State.PENDIENTE), (c.StartProcessing, State.PENDIENTE), (c.Complete, State.EN_PROCESO)],
)
def test_on_hold_it_does_not_move_and_the_words_do_not_say_why(command: type, state: State) -> None:
    operation = replace(ready(state, command), assessment=Assessment.HELD)
    with pytest.raises(Conflict) as refused:
        decide(operation, written(command, MASTER, state), NOW)
    for word in ("lista", "cumplimiento", "sanci", "retenid", "coincidencia"):
        assert word not in refused.value.message.lower()


def test_the_attention_of_a_forgotten_operation_ends_when_it_moves() -> None:
    forgotten = lifecycle.needs_attention(new(origin=Origin.SISTEMA), "Sigue Pendiente sin transferencia")
    assert decide(forgotten, c.SubmitProof(actor=TRADER, files=(FILE,)), NOW).attention == ""
    assert decide(forgotten, c.Cancel(actor=TRADER, reason="no vino"), NOW).attention == ""


def test_the_attention_of_a_refused_effect_stays_until_it_is_settled() -> None:
    refused = lifecycle.effect_refused(new(), Effect.CREATED_NOTICE, "el buzón no existe")
    moved = decide(refused, c.SubmitProof(actor=CLIENT, files=(FILE,)), NOW)
    assert "buzón" in moved.attention
    assert decide(moved, c.RetryEffect(actor=MASTER, effect=Effect.CREATED_NOTICE), NOW).attention == ""


def test_the_reason_of_a_return_is_not_the_reason_of_what_follows() -> None:
    processed = decide(new(), c.SubmitProof(actor=CLIENT, files=(FILE,)), NOW)
    returned = decide(processed, c.ReturnToPending(actor=MASTER, reason="el abono no figura"), NOW)
    assert returned.reason == "el abono no figura"
    again = decide(returned, c.StartProcessing(actor=TRADER), NOW)
    assert again.reason == ""


def test_a_waiver_takes_two_different_masters() -> None:
    refused = lifecycle.effect_refused(new(), Effect.INVOICE, "SUNAT no lo acepta")
    asked = decide(refused, c.WaiveEffect(actor=MASTER, effect=Effect.INVOICE, reason="a mano"), NOW)
    assert asked.effects[Effect.INVOICE] is EffectState.REFUSED
    with pytest.raises(Conflict):
        decide(asked, c.WaiveEffect(actor=MASTER, effect=Effect.INVOICE, reason="a mano"), NOW)
    granted = decide(asked, c.WaiveEffect(actor=OTHER_MASTER, effect=Effect.INVOICE, reason="a mano"), NOW)
    assert granted.effects[Effect.INVOICE] is EffectState.WAIVED
    assert granted.attention == ""


def test_an_edit_of_what_another_person_has_changed_is_not_saved() -> None:
    with pytest.raises(Conflict):
        decide(new(), c.Edit(actor=TRADER, comments="x", version=7), NOW)


def test_a_trader_corrects_an_amount_by_a_fifth_and_a_master_by_more() -> None:
    """F041: a chain of small corrections is measured from what was agreed, not from the one before."""
    operation = replace(new(), amount_usd=Decimal("1000.00"), amount_pen=to_pen(Decimal("1000.00"), new().rate))
    raised = decide(operation, c.Edit(actor=TRADER, amount_usd=Decimal("1200.00")), NOW)
    assert raised.amount_usd == Decimal("1200.00")
    for before in (operation, raised):
        with pytest.raises(Forbidden, match=r"entre US\$ 800.00 y US\$ 1,200.00"):
            decide(before, c.Edit(actor=TRADER, amount_usd=Decimal("1200.01")), NOW)
    agreed = decide(raised, c.Edit(actor=MASTER, amount_usd=Decimal("2000.00")), NOW)
    assert decide(agreed, c.Edit(actor=TRADER, amount_usd=Decimal("2400.00")), NOW).amount_usd == Decimal("2400.00")


# --- any sequence of commands -----------------------------------------------------------------------------------------

actors = st.sampled_from([CLIENT, TRADER, OPERATOR, OTHER_OPERATOR, MASTER, OTHER_MASTER, OFFICER, SYSTEM])
amounts = st.decimals(min_value="-5", max_value="400", places=2)
numbers = st.none() | st.integers(min_value=1, max_value=12)
drafts = st.builds(
    c.LineDraft, amount=amounts, number=numbers, account_id=st.sampled_from([None, 100, 200]), transfer_code=st.just("")
)
lines = st.none() | st.lists(drafts, max_size=5).map(tuple)
files = st.integers(min_value=0, max_value=3).map(lambda count: (FILE,) * count)
texts = st.sampled_from(["", " ", "motivo"])
effects = st.sampled_from([Effect.INVOICE, Effect.SETTLEMENT])
commands: st.SearchStrategy[c.Command] = st.one_of(
    st.builds(c.SubmitProof, actor=actors, transfer_code=texts, files=files, amount=st.none() | amounts),
    st.builds(
        c.Edit,
        actor=actors,
        amount_usd=st.none() | amounts,
        deposits=lines,
        payouts=lines,
        comments=st.none() | texts,
        version=st.none() | st.integers(1, 5),
    ),
    st.builds(c.StartProcessing, actor=actors, payouts=lines),
    st.builds(c.ReturnToPending, actor=actors, reason=texts),
    st.builds(c.Reassign, actor=actors, operator_id=st.sampled_from([20, 21])),
    st.builds(c.AttachProof, actor=actors, files=files, comment=texts),
    st.builds(c.RemoveProof, actor=actors, number=st.integers(1, 9)),
    st.builds(c.Complete, actor=st.sampled_from([OPERATOR, MASTER])),
    st.builds(c.Cancel, actor=actors, reason=texts),
    st.builds(c.ExtendDeadline, actor=actors, reason=texts, expires_at=st.just(NOW + timedelta(hours=9))),
    st.builds(c.ReleaseHold, actor=actors, resolution=texts),
    st.builds(c.ConfirmHold, actor=actors, resolution=texts),
    st.builds(c.RetryEffect, actor=actors, effect=effects),
    st.builds(c.WaiveEffect, actor=actors, effect=effects, reason=texts),
)
machines = st.sampled_from(["expire", "hold", "refuse"])
# Half of the lives start on the good path, so that their ends are seen often.
good_path: tuple[c.Command, ...] = (
    c.SubmitProof(actor=CLIENT, files=(FILE,)),
    c.AttachProof(actor=MASTER, files=(FILE,)),
)
lives = st.tuples(
    st.builds(new, st.sampled_from(Kind), st.just("100.00"), st.sampled_from(Origin)),
    st.sampled_from([(), good_path[:1], good_path]),
    st.lists(commands | machines, max_size=25),
)


def step(operation: Operation, what: c.Command | str, now: datetime) -> Operation:
    """What the workflow would do: a person's command, or one of the house's own events while it stands."""
    if what == "expire":
        return lifecycle.expire(operation, now) if operation.overdue(now) else operation
    if what == "hold":
        return lifecycle.assessed(operation, Assessment.HELD, now) if operation.open else operation
    if what == "refuse":
        return lifecycle.effect_refused(operation, Effect.INVOICE, "no")
    assert not isinstance(what, str)
    after = decide(operation, what, now)
    assigned = after.state is State.EN_PROCESO and operation.state is not State.EN_PROCESO
    return replace(after, operator_id=OPERATOR.id) if assigned else after


@given(lives)
def test_no_sequence_of_commands_breaks_an_operation(life: tuple[Operation, tuple[Any, ...], list[Any]]) -> None:
    operation, path, rest = life
    given_numbers: set[int] = set()
    for minute, what in enumerate([*path, *rest]):
        before, now = operation, NOW + timedelta(minutes=minute)
        try:
            operation = step(before, what, now)
        except Refused:
            continue
        given_numbers = check_step(before, operation, given_numbers)
        check_rest(operation)


def check_step(before: Operation, after: Operation, given_numbers: set[int]) -> set[int]:
    """One version a step; what has ended stays; a number that was given is never given again."""
    assert after.version == before.version + (after is not before)
    if not before.open:
        assert after.state is before.state
        assert (after.deposits, after.payouts, after.proofs) == (before.deposits, before.payouts, before.proofs)
    held = _numbers(before)
    fresh = _numbers(after) - held
    assert not fresh & given_numbers
    assert all(before.next_number <= number < after.next_number for number in fresh)
    return given_numbers | held | fresh


def check_rest(operation: Operation) -> None:
    numbers = [item.number for item in (*operation.deposits, *operation.payouts, *operation.proofs)]
    assert len(numbers) == len(set(numbers))
    assert operation.amount_pen == to_pen(operation.amount_usd, operation.rate)
    assert len(operation.payouts) <= MAX_PAYOUTS
    assert len(operation.deposits) <= MAX_DEPOSITS
    assert len(operation.operator_proofs()) <= MAX_PROOFS
    assert operation.expires_at is None or operation.state is State.PENDIENTE
    assert operation.time_left is None or operation.on_hold
    assert (operation.finished_at is None) is operation.open
    assert operation.state is not State.EN_PROCESO or operation.in_process_since is not None
    if operation.state is State.COMPLETADA:
        assert sum(line.amount for line in operation.deposits) == operation.pays
        assert sum(line.amount for line in operation.payouts) == operation.receives
        assert operation.operator_proofs()
        assert not operation.on_hold


def _numbers(operation: Operation) -> set[int]:
    return {item.number for item in (*operation.deposits, *operation.payouts, *operation.proofs)}
