"""Comprobantes after their operation: SUNAT's late answers, a second issue, the mails, and how the account stands."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.operations import Effect
    from workflows import invoice_messages as i
    from workflows import messages as m
    from workflows import names
    from workflows.effects import ACTIVITY_FAILED, EFFECT_RETRY, INVOICE_ATTEMPT, refused_by

REJECTED_NOTICE, RECEIPT = "comprobante_rechazado_casa", "comprobante"
# One batch asks some tens of documents, four at a time, eight seconds each at worst.
BATCH_ATTEMPT = timedelta(minutes=3)
BATCH_RETRY = RetryPolicy(maximum_attempts=3)
ROUNDS = 25
MAIL_ATTEMPT, MAIL_LIFE = timedelta(seconds=20), timedelta(days=2)
MAIL_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))
# The next round brings a mail that did not leave in this one.
ROUND_MAIL_LIFE = timedelta(minutes=2)


@workflow.defn(name=names.INVOICE_ANSWERS)
class InvoiceAnswersWorkflow:
    """Started by its schedule, or by a person about one document."""

    @workflow.run
    async def run(self, order: i.AnswerRound) -> i.AnswerReport:
        """Ask batch by batch until nothing is due, copy what is new, and mail what was rejected. Answers the last."""
        report = i.AnswerReport(left=1)
        for _ in range(ROUNDS):
            report = await workflow.execute_activity(
                names.ASK_SUNAT,
                order,
                result_type=i.AnswerReport,
                task_queue=names.INVOICING_QUEUE,
                start_to_close_timeout=BATCH_ATTEMPT,
                retry_policy=BATCH_RETRY,
                summary="Pregunta las respuestas de la SUNAT",
            )
            if not report.left:
                break
        await workflow.execute_activity(
            names.COPY_PAPERS,
            result_type=i.PapersReport,
            task_queue=names.INVOICING_QUEUE,
            start_to_close_timeout=BATCH_ATTEMPT,
            retry_policy=BATCH_RETRY,
            summary="Copia PDF, XML y CDR a nuestro archivo",
        )
        await self._tell(report.rejected)
        return report

    async def _tell(self, rejected: tuple[int, ...]) -> None:
        """The Masters' mails about rejections. When one does not leave, it and the rest are left for the next round."""
        for invoice_id in rejected:
            order = i.InvoiceNotice(invoice_id=invoice_id, code="", notice=REJECTED_NOTICE)
            try:
                await mail(order, life=ROUND_MAIL_LIFE)
            except ActivityError as error:
                workflow.logger.warning("the mail about document %s waits: %s", invoice_id, error.cause)
                return


@workflow.defn(name=names.INVOICE_REISSUE)
class InvoiceReissueWorkflow:
    """A comprobante for an operation whose own workflow has ended: the earlier one was rejected or taken back."""

    @workflow.run
    async def run(self, order: i.Reissue) -> str:
        """Issue it and mail it. Ends as `Rechazado` when it is refused: an incident tells why, and a person decides."""
        workflow.set_current_details(f"**{order.code}**: emite el comprobante que reemplaza a {order.name}.")
        bill = m.EffectOrder(code=order.code, effect=Effect.INVOICE)
        try:
            issued: m.InvoiceIssued = await workflow.execute_activity(
                names.ISSUE_INVOICE,
                bill,
                result_type=m.InvoiceIssued,
                task_queue=names.INVOICING_QUEUE,
                start_to_close_timeout=INVOICE_ATTEMPT,
                retry_policy=EFFECT_RETRY,
                summary="Emite el comprobante",
            )
        except ACTIVITY_FAILED as error:
            refused = refused_by(error)
            if refused is None:
                raise
            workflow.set_current_details(f"**{order.code}**: no se emitió. {refused.message}")
            return "Rechazado"
        name = f"{issued.series}-{issued.number}"
        workflow.set_current_details(f"**{order.code}**: {name} está {issued.status}.")
        await mail(i.InvoiceNotice(invoice_id=0, code=order.code, notice=RECEIPT, key=name))
        return issued.status


@workflow.defn(name=names.INVOICE_NOTICE)
class InvoiceNoticeWorkflow:
    """One mail about a comprobante, once. Its id is `names.invoice_notice_id`."""

    @workflow.run
    async def run(self, order: i.InvoiceNotice) -> None:
        """Deliver it. Fails, visibly, when no address takes it."""
        workflow.set_current_details(f"Correo **{order.notice}** de {order.code}: espera al servidor de correo.")
        await mail(order)
        workflow.set_current_details(f"Correo **{order.notice}** de {order.code}: entregado.")


@workflow.defn(name=names.INVOICE_ACCOUNT)
class InvoiceAccountWorkflow:
    """How the house's account at NubeFact stands: the worker looks, since only it has the credentials."""

    @workflow.run
    async def run(self) -> list[i.AccountFinding]:
        """What was seen of the account and of each series."""
        found: list[i.AccountFinding] = await workflow.execute_activity(
            names.EXAMINE_ACCOUNT,
            result_type=list[i.AccountFinding],
            task_queue=names.INVOICING_QUEUE,
            start_to_close_timeout=timedelta(seconds=45),
            schedule_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(maximum_attempts=2),
            summary="Revisa la cuenta de NubeFact",
        )
        return found


async def mail(order: i.InvoiceNotice, *, life: timedelta = MAIL_LIFE) -> None:
    """One notice about a comprobante. The receipt itself is a notice of the operation. Raises ActivityError."""
    receipt = m.NoticeOrder(code=order.code, effect=Effect.RECEIPT_NOTICE, notice=RECEIPT, key=order.key)
    own = order.notice == RECEIPT
    await workflow.execute_activity(
        names.DELIVER_NOTICE if own else names.DELIVER_INVOICE_NOTICE,
        receipt if own else order,
        task_queue=names.NOTICES_QUEUE,
        start_to_close_timeout=MAIL_ATTEMPT,
        schedule_to_close_timeout=life,
        retry_policy=MAIL_RETRY,
        summary="Envía el comprobante" if own else "Avisa sobre el comprobante",
    )
