"""The sandboxes in which workflows run, with our pure modules passed through.

Payload types live in the domain. Pydantic resolves their annotations by module name, so the whole package must be
visible inside the sandbox and not only the modules that a workflow file happens to import.

Tests and replays use `RUNNER`, which loads each workflow's own file anew inside the sandbox and so catches whatever is
not deterministic in it. The worker runs what they have proved with `PROVEN_RUNNER`: loading the file for every
operation was a twentieth of the worker's time.
"""

from __future__ import annotations

from typing import Any

from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PURE = ("domain", "workflows.messages", "workflows.client_messages", "workflows.screening_messages", "workflows.names")


class _PlainPayloads(WorkflowInstance):
    """An instance whose payloads are written alike in every command, and kept where Temporal keeps them.

    The SDK asks the instance, inside its sandbox, for two contexts of each payload: what our converter and codec might
    look at (they do not), and where a store outside Temporal would keep it (there is none). Each asking was another
    twentieth.
    """

    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed

    def activate(self, act: Any) -> Any:
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> None:  # noqa: ARG002 - the SDK's signature
        return None

    def get_external_store_context(self, command_info: Any) -> Any:  # noqa: ARG002 - the SDK's signature
        return None

    def get_info(self) -> Any:
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        return self._sandboxed.get_thread_id()


class HouseRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, for payloads without context."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """One running workflow."""
        return _PlainPayloads(super().create_instance(det))


RUNNER = HouseRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PURE))
PROVEN_RUNNER = HouseRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "workflows"))
