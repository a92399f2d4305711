"""Killed at any instant and started again, a handover leaves exactly one case."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from connectors.simulators import faults as any_fault
from connectors.simulators.debitura import Clock, SimulatorServer, faults
from connectors.simulators.replies import Request, Response
from tests.connectors.debitura import child_placing
from tests.connectors.debitura.account import START, Account, a_handover
from tests.connectors.debitura.contract import CheckedSimulator

ROOT: Final = Path(__file__).parents[3]
KILLS_MIN: Final = int(os.environ.get("KILLS", "50"))
SEED: Final = int(os.environ.get("KILL_SEED", "20261122"))
KILLS_A_HANDOVER: Final = 8
CASES_A_HANDOVER: Final = 2
CALL_S: Final = 0.01
CALLS_A_CASE: Final = 12
"""What a handover takes that nobody disturbs."""


class SlowSimulator(CheckedSimulator):
    """Takes its time before and after each call counts, so that kills meet both."""

    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        """Answer a call, a while after it counted."""
        sleep(CALL_S)
        answer = super().respond(request, sleep)
        sleep(CALL_S)
        return answer


def ask(child: "subprocess.Popen[str]", **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
    """Have the process do a task, and return its answer."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{json.dumps(arguments)}\n")
    child.stdin.flush()
    found: dict[str, Any] = json.loads(child.stdout.readline())
    assert found["code"] == 0, (found, SEED)
    return found


@pytest.mark.parametrize("has_faults", [False, True])
def test_killed_handovers_leave_one_case_each(has_faults: bool) -> None:  # noqa: FBT001
    """Over fifty cuts with -9: one case a reference, each file and message once.

    The stand-in refuses no duplicate, and with faults it loses answers besides.
    """
    account = Account(simulator=SlowSimulator(clock=Clock(START)))
    kills, number = 0, 0
    with (
        SimulatorServer(account.simulator) as server,
        subprocess.Popen(
            [sys.executable, child_placing.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as child,
    ):
        common = {"url": server.url, "api_key": account.simulator.api_key}
        peace = ask(
            child, references=["DB-1-1"], kills_max=0, longest_s=0, seed=SEED, **common
        )
        while kills < KILLS_MIN:
            number += 1
            if has_faults:
                for _ in range(3):
                    account.simulator.faults.plan(
                        any_fault.lost_answer(), method="POST", after=1
                    )
                    account.simulator.faults.plan(faults.failing_after(), after=4)
            answer = ask(
                child,
                references=[f"DB-7-{number}{one}" for one in range(CASES_A_HANDOVER)],
                kills_max=KILLS_A_HANDOVER,
                longest_s=peace["seconds"] * 1.2,
                seed=SEED + number,
                **common,
            )
            kills += answer["kills"]
        assert child.stdin is not None
        child.stdin.close()

    cases = list(account.desk.cases.values())
    references = [one.asked["creditorReference"] for one in cases]
    wanted = {
        f"DB-7-{n}{one}"
        for n in range(1, number + 1)
        for one in range(CASES_A_HANDOVER)
    }
    assert sorted(references) == sorted({"DB-1-1", *wanted}), SEED
    sent = sorted(one.content for one in a_handover().files)
    for case in cases:
        assert sorted(one.content for one in case.files) == sent, SEED
        assert len(case.chats) == 1, SEED
    # Whoever was cut off looked again: that is what the calls above one a thing are.
    assert len(account.simulator.calls) > len(cases) * CALLS_A_CASE, SEED
