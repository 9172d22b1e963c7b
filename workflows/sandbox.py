"""The sandbox that workers, tests and replays share: on, with our pure modules passed through.

Payload types live in the domain. Pydantic resolves their annotations by module name, so the whole package must be
visible inside the sandbox and not only the modules that a workflow file happens to import.
"""

from __future__ import annotations

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PURE = ("domain", "workflows.messages", "workflows.client_messages", "workflows.screening_messages", "workflows.names")
RUNNER = SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PURE))
