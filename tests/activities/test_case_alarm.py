"""The alarm of a term of compliance by mail: to who resolves cases, once, and naming nobody."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.case_watch import CaseAlarmActivities
from db import case_watch, cases
from db.session import Sessions
from domain.permissions import Role
from integrations.mail import Mailer
from integrations.push import Pusher
from tests.activities.conftest import MailHouse, attempt
from tests.people import add_client, add_user
from workflows.messages import CaseAlarm


async def test_a_term_is_mailed_once_near_and_once_late_and_never_after_it_was_met(
    sessions: Sessions, mail: MailHouse, pusher: Pusher
) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        officer = await add_user(session, "oficial", Role.MIDDLE_OFFICE)
        await add_user(session, "trader", Role.TRADER)
        case_id = await cases.open_or_join_case(
            session,
            kind="monitoreo",
            client_id=client.id,
            operation_code=None,
            severity="Alta",
            source_key="regla:x",
            summary="Un monto alto",
        )
        await cases.take(session, case_id, officer)
        await cases.escalate(session, case_id, officer, "sin sustento")
    posted = CaseAlarmActivities(sessions, Mailer(mail.settings), pusher)
    for late in (False, False, True):
        await attempt(1).run(posted.deliver_case_alarm, CaseAlarm(case_id=case_id, late=late))
    async with sessions.begin() as session:
        await case_watch.ros_sent(session, case_id, by=officer, number="1", at=datetime.now(UTC))
    await attempt(1).run(posted.deliver_case_alarm, CaseAlarm(case_id=case_id, late=True))
    near, over = mail.stand_in.received()
    assert [one["recipients"] for one in (near, over)] == [["oficial@example.test"]] * 2
    assert f"el plazo del caso {case_id} vence el" in near["subject"]
    assert f"el plazo del caso {case_id} venció el" in over["subject"]
    assert "Persona De Prueba" not in near["text"] + near["html"]
    assert "monto" not in near["text"] + near["html"]
