"""What a piece of work costs: CPU of this process and of the server, and wall time."""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import URL


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


@dataclass(frozen=True, slots=True)
class Server:
    """The embedded server, known by the process that started all its others."""

    pid: int

    @classmethod
    def of(cls, url: URL) -> "Server":
        """Find the server behind an address."""
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            return cls(psutil.Process(row[0]).ppid())

    def cpu_s(self) -> float:
        """Return the processor time of all its processes, ended ones included."""
        main = psutil.Process(self.pid)
        own = main.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for process in main.children():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


def client_cpu_s() -> float:
    """Return the processor time of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_kb() -> int:
    """Return the most memory this process has had.

    What the operating system counts for a process includes its parent's before it was
    one of its own, except where Linux keeps the count of the program alone.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measured(server: Server, work: Callable[[], object]) -> Cost:
    """Do a piece of work once and return what it cost."""
    client, served, wall = client_cpu_s(), server.cpu_s(), time.perf_counter()
    work()
    return Cost(
        client_cpu_s() - client, server.cpu_s() - served, time.perf_counter() - wall
    )


def alternating(
    server: Server,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rounds: int,
) -> tuple[list[Cost], list[Cost]]:
    """Measure two pieces of work in turn, after one turn that does not count."""
    ours()
    theirs()
    pairs = [(measured(server, ours), measured(server, theirs)) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def ratio(over: Sequence[Cost], under: Sequence[Cost]) -> tuple[float, float]:
    """Return how much dearer one is than the other, CPU and wall, pair by pair."""
    cpu = median([a.cpu_s / b.cpu_s for a, b in zip(over, under, strict=True)])
    wall = median([a.wall_s / b.wall_s for a, b in zip(over, under, strict=True)])
    return cpu, wall
