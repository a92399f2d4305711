"""What a piece of work costs: CPU of this process and of the server, and wall time."""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds."""

    client_s: float
    server_s: float
    wall_s: float

    @property
    def cpu_s(self) -> float:
        """Both sides' processor time."""
        return self.client_s + self.server_s


def server_cpu_s() -> float:
    """Return the processor time of the embedded server and all it ever started."""
    total = 0.0
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "postgres":
            continue
        try:
            parent = process.parent()
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if parent is None or parent.name() != "postgres":
            # What ended is counted in the one that started it.
            total += times.children_user + times.children_system
    return total


def client_cpu_s() -> float:
    """Return the processor time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measured(work: Callable[[], object]) -> Cost:
    """Do a piece of work once and return what it cost."""
    client, server, wall = client_cpu_s(), server_cpu_s(), time.perf_counter()
    work()
    return Cost(
        client_cpu_s() - client, server_cpu_s() - server, time.perf_counter() - wall
    )


def alternating(
    ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int
) -> tuple[list[Cost], list[Cost]]:
    """Measure two pieces of work in turn, after one turn that does not count."""
    ours()
    theirs()
    pairs = [(measured(ours), measured(theirs)) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def ratio(over: Sequence[Cost], under: Sequence[Cost]) -> tuple[float, float]:
    """Return how much dearer one is than the other, CPU and wall, pair by pair."""
    cpu = median([a.cpu_s / b.cpu_s for a, b in zip(over, under, strict=True)])
    wall = median([a.wall_s / b.wall_s for a, b in zip(over, under, strict=True)])
    return cpu, wall
