"""Whatever a machine can think of sending, by the API's own description: no answer is a fault of ours."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.integration.people import Desk, Town
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "6")
# Signing oneself out, or out of everything, would leave the rest of the run anonymous.
LEFT_OUT = r"/(logout|sessions/.*/close|password|reset-password|reset-factors|deactivate|role|second-factors/.*)$"
# What answers only to somebody who is still signed in.
SIGNED_IN = {"master": ("GET", "/api/staff/me"), "client": ("POST", "/api/client/me")}


# One worker: in two threads, CPython 3.11 loses count of the depth of `ast.parse` and schemathesis stops.
# A header of its own keeps schemathesis from signing itself up.
STRANGER = "Bearer nadie"


@pytest.mark.parametrize(("who", "seconds"), [("master", 24), ("client", 16), ("stranger", 8)])
async def test_no_generated_request_makes_the_api_fault(
    *, who: str, seconds: int, stack: Stack, town: Town, master: Desk, tmp_path: Path
):
    """F205: schemathesis over /api/openapi.json looks for 5xx."""
    token = STRANGER
    if who != "stranger":
        token = (master if who == "master" else await town.arrive()).http.headers["Authorization"]
    done = await asyncio.to_thread(
        subprocess.run,
        [
            *(SCHEMATHESIS, "run", f"{stack.api}/api/openapi.json", "-H", f"Authorization: {token}"),
            *("--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--mode", "all"),
            *("--max-examples", EXAMPLES, "--max-time", str(seconds), "--workers", "1", "--seed", "7"),
            *("--request-timeout", "20", "--generation-database", "none", "--no-color"),
            *([] if who == "stranger" else ["--exclude-path-regex", LEFT_OUT]),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    # What failed is told first, and a page of advice after it.
    _, _, failed = done.stdout.partition("= FAILURES =")
    assert done.returncode == 0, (failed or done.stdout)[:6000] + done.stderr[-2000:]
    assert stack.ready()
    if who in SIGNED_IN:
        async with httpx.AsyncClient(base_url=stack.api, headers={"Authorization": token}, trust_env=False) as http:
            still = await http.request(*SIGNED_IN[who])
        assert still.status_code == 200, "a generated request signed itself out: the rest of them were a stranger's"
