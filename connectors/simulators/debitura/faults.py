"""What can go wrong on the way to Debitura: what befalls any call, and its own."""

from connectors.simulators.debitura.replies import failure
from connectors.simulators.faults import Fault, answered


def rate_limited(wait_s: int = 5) -> Fault:
    """Answer 429, to come again after so many seconds."""
    return answered(429, {"retry-after": str(wait_s)})


def server_error(status: int = 500) -> Fault:
    """Answer 5xx; nothing happens."""
    return Fault(
        name=f"server error {status}",
        spoil=lambda _: failure(status, "InternalError", "Something went wrong."),
    )


def failing_after(status: int = 500) -> Fault:
    """Let the call take effect, and answer 5xx."""
    return Fault(
        name=f"failing after {status}",
        spoil=lambda _: failure(status, "InternalError", "Something went wrong."),
        happens=True,
    )
