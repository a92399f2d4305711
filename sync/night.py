"""A night: every connection of a tenant read and proved, one failure stopping none."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ledger.errors import DuebridgeError, InvariantError
from ledger.proof import Proof, ProofState
from ledger.store.connections import ConnectionBusyError, RunState
from sync.proof import Prover
from sync.pull import Sync
from sync.result import RunResult


@dataclass(frozen=True, slots=True)
class Work:
    """What one connection's night takes."""

    sync: Sync
    prover: Prover


Maker = Callable[[], Work]


@dataclass(frozen=True, slots=True)
class Night:
    """How one connection's night went.

    Attributes:
        run: None if it could not even begin.
        proof: None if it failed before.
        error: What kept it from going through.
        deltas: Runs that read once more what differed.
    """

    tenant: str
    connection: str
    run: RunResult | None
    proof: Proof | None
    error: DuebridgeError | None
    deltas: tuple[RunResult, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left for a person."""
        return (
            self.error is None
            and (last := self.last_run) is not None
            and last.is_clean
            and last.waiting == 0
            and self.proof is not None
            and self.proof.state.is_good
        )

    @property
    def last_run(self) -> RunResult | None:
        """The run that knows last what is left over."""
        return self.deltas[-1] if self.deltas else self.run

    @property
    def never_began(self) -> bool:
        """Whether no run could begin, and none is under way elsewhere."""
        return (
            self.run is None
            and self.error is not None
            and not isinstance(self.error, ConnectionBusyError)
        )

    @property
    def has_failed(self) -> bool:
        """Whether something could not be read at all."""
        runs = (self.run, *self.deltas)
        return self.error is not None or any(
            run is not None and run.state is RunState.FAILED for run in runs
        )

    @property
    def summary(self) -> str:
        """One line for a log."""
        if self.error is not None:
            return f"{self.tenant}/{self.connection}: failed: {self.error.message}"
        assert self.run is not None
        last = self.last_run or self.run
        steps = [step for run in (self.run, *self.deltas) for step in run.steps]
        new = sum(step.new for step in steps)
        changed = sum(step.changed for step in steps)
        gone = sum(step.closed + step.voided for step in steps)
        state = self.proof.state if self.proof else ProofState.UNPROVED
        return (
            f"{self.tenant}/{self.connection}: {self.run.state}, {new} new, {changed} "
            f"changed, {gone} gone, {last.problems} problems, {last.waiting} "
            f"waiting, {state}"
        )


def run_night(
    tenant: str,
    work: Iterable[tuple[str, Maker]],
    keep: Callable[[Exception], str],
) -> Iterator[Night]:
    """Yield how each connection's night went, as it ends.

    Args:
        tenant: The tenant's slug.
        work: Each connection's name, and what makes its work; making may fail as well.
        keep: Keeps the details of a fault of our own, and says where.
    """
    for connection, make in work:
        run: RunResult | None = None
        deltas: list[RunResult] = []
        try:
            one = make()
            run = one.sync.run()
            found = run.open_items
            proof = one.prover.prove(
                again=_delta(one, run, deltas),
                listed=None if found is None else found.items,
            )
        except DuebridgeError as error:
            yield Night(tenant, connection, run, None, error, tuple(deltas))
            continue
        except Exception as error:  # noqa: BLE001 - the others go on
            # Our own fault in one connection must not end the others' night.
            fault = InvariantError(
                f"Something went wrong inside Duebridge ({type(error).__name__}).",
                remedy=f"Please report it. {keep(error)}",
            )
            yield Night(tenant, connection, run, None, fault, tuple(deltas))
            continue
        yield Night(tenant, connection, run, proof, None, tuple(deltas))


def _delta(
    one: Work, run: RunResult, deltas: list[RunResult]
) -> Callable[[], RunResult] | None:
    """Return how to read once more what changed; None where that mends nothing."""
    if run.state is not RunState.COMPLETED or one.sync.connector.snapshot() is None:
        return None

    def again() -> RunResult:
        deltas.append(one.sync.run())
        return deltas[-1]

    return again
