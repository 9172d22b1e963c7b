"""The doors through which people act on an operation: one update a command, checked before it enters the history.

Names and descriptions are what support staff sees in the Temporal UI; the rules are in domain/lifecycle.py, and how a
step is made is in workflows/operation.py.
"""

from __future__ import annotations

from abc import abstractmethod

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import commands as c
    from workflows import messages as m


class OperationCommands:
    """Every command of the transition table, as a Temporal update with its validator."""

    @abstractmethod
    async def _act(self, command: c.Command) -> m.OperationAnswer:
        """Carry the command out, or refuse."""

    @abstractmethod
    def _may(self, command: c.Command) -> None:
        """Refuse what the present state does not allow."""

    @workflow.update(name="submit_proof", description="El cliente transfirió: registra el abono y asigna un operador")
    async def submit_proof(self, command: c.SubmitProof) -> m.OperationAnswer:
        """Pendiente → En proceso."""
        return await self._act(command)

    @workflow.update(name="edit", description="Corrige monto, abonos, pagos o comentarios")
    async def edit(self, command: c.Edit) -> m.OperationAnswer:
        """The state stays."""
        return await self._act(command)

    @workflow.update(name="start_processing", description="Los abonos están completos: pasa a un operador")
    async def start_processing(self, command: c.StartProcessing) -> m.OperationAnswer:
        """Pendiente → En proceso."""
        return await self._act(command)

    @workflow.update(name="return_to_pending", description="Devuelve la operación a Pendiente, con su motivo")
    async def return_to_pending(self, command: c.ReturnToPending) -> m.OperationAnswer:
        """En proceso → Pendiente."""
        return await self._act(command)

    @workflow.update(name="reassign", description="Entrega la operación a otro operador")
    async def reassign(self, command: c.Reassign) -> m.OperationAnswer:
        """The state stays."""
        return await self._act(command)

    @workflow.update(name="attach_proof", description="Agrega una constancia del pago")
    async def attach_proof(self, command: c.AttachProof) -> m.OperationAnswer:
        """The state stays."""
        return await self._act(command)

    @workflow.update(name="remove_proof", description="Quita una constancia del pago")
    async def remove_proof(self, command: c.RemoveProof) -> m.OperationAnswer:
        """The state stays."""
        return await self._act(command)

    @workflow.update(name="complete", description="El cliente ya recibió su dinero")
    async def complete(self, command: c.Complete) -> m.OperationAnswer:
        """En proceso → Completada."""
        return await self._act(command)

    @workflow.update(name="cancel", description="Cancela la operación, con su motivo")
    async def cancel(self, command: c.Cancel) -> m.OperationAnswer:
        """→ Cancelado."""
        return await self._act(command)

    @workflow.update(name="extend_deadline", description="Da más plazo para transferir")
    async def extend_deadline(self, command: c.ExtendDeadline) -> m.OperationAnswer:
        """The state stays."""
        return await self._act(command)

    @workflow.update(name="release_hold", description="Cumplimiento deja continuar la operación")
    async def release_hold(self, command: c.ReleaseHold) -> m.OperationAnswer:
        """The expiry goes on where it stopped."""
        return await self._act(command)

    @workflow.update(name="confirm_hold", description="Cumplimiento confirma la coincidencia: se cancela")
    async def confirm_hold(self, command: c.ConfirmHold) -> m.OperationAnswer:
        """→ Cancelado."""
        return await self._act(command)

    @workflow.update(name="retry_effect", description="Vuelve a intentar un efecto detenido")
    async def retry_effect(self, command: c.RetryEffect) -> m.OperationAnswer:
        """After the end: what was refused is tried again."""
        return await self._act(command)

    @workflow.update(name="waive_effect", description="Da por cerrado un efecto detenido (dos Masters)")
    async def waive_effect(self, command: c.WaiveEffect) -> m.OperationAnswer:
        """After the end: the first Master asks, the second grants."""
        return await self._act(command)

    @submit_proof.validator
    def _may_submit_proof(self, command: c.SubmitProof) -> None:
        self._may(command)

    @edit.validator
    def _may_edit(self, command: c.Edit) -> None:
        self._may(command)

    @start_processing.validator
    def _may_start_processing(self, command: c.StartProcessing) -> None:
        self._may(command)

    @return_to_pending.validator
    def _may_return_to_pending(self, command: c.ReturnToPending) -> None:
        self._may(command)

    @reassign.validator
    def _may_reassign(self, command: c.Reassign) -> None:
        self._may(command)

    @attach_proof.validator
    def _may_attach_proof(self, command: c.AttachProof) -> None:
        self._may(command)

    @remove_proof.validator
    def _may_remove_proof(self, command: c.RemoveProof) -> None:
        self._may(command)

    @complete.validator
    def _may_complete(self, command: c.Complete) -> None:
        self._may(command)

    @cancel.validator
    def _may_cancel(self, command: c.Cancel) -> None:
        self._may(command)

    @extend_deadline.validator
    def _may_extend_deadline(self, command: c.ExtendDeadline) -> None:
        self._may(command)

    @release_hold.validator
    def _may_release_hold(self, command: c.ReleaseHold) -> None:
        self._may(command)

    @confirm_hold.validator
    def _may_confirm_hold(self, command: c.ConfirmHold) -> None:
        self._may(command)

    @retry_effect.validator
    def _may_retry_effect(self, command: c.RetryEffect) -> None:
        self._may(command)

    @waive_effect.validator
    def _may_waive_effect(self, command: c.WaiveEffect) -> None:
        self._may(command)
