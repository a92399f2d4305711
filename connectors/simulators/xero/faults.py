"""What can go wrong on the way to Xero: what befalls any call, and its own refusals."""

from typing import Final

from connectors.simulators.faults import (
    BOMB_BYTES,
    Fault,
    Faults,
    gzip_bomb,
    html,
    invalid_json,
    lost_answer,
    reset,
    slow,
    timeout,
    truncated,
)
from connectors.simulators.xero.limits import refusal
from connectors.simulators.xero.replies import gateway_error, json_response

__all__ = [
    "API",
    "BOMB_BYTES",
    "HOURS_18_S",
    "Fault",
    "Faults",
    "day_limited",
    "error_body",
    "gzip_bomb",
    "html",
    "invalid_json",
    "lost_answer",
    "rate_limited",
    "reset",
    "server_error",
    "slow",
    "timeout",
    "truncated",
    "unauthorized",
]

API: Final = "/api.xro/"
HOURS_18_S: Final = 18 * 60 * 60


def rate_limited(wait_s: int = 5, problem: str = "minute") -> Fault:
    """Answer 429, to come again after so many seconds."""
    return Fault(name="rate limited", spoil=lambda _: refusal(problem, wait_s))


def day_limited() -> Fault:
    """Answer 429, to come again in 18 hours."""
    return rate_limited(HOURS_18_S, "day")


def unauthorized() -> Fault:
    """Answer 401 although the token is good."""
    answer = gateway_error(401, "Unauthorized", "TokenExpired: token expired")
    return Fault(name="unauthorized", spoil=lambda _: answer)


def server_error(status: int = 503) -> Fault:
    """Answer 5xx."""
    answer = gateway_error(status, "An error occurred", "Try again later.")
    return Fault(name=f"server error {status}", spoil=lambda _: answer)


def error_body() -> Fault:
    """Answer 200 with the body of an error."""
    answer = json_response(
        {
            "ErrorNumber": 500,
            "Type": "InternalError",
            "Message": "An unexpected error occurred",
        }
    )
    return Fault(name="error body", spoil=lambda _: answer)
