"""What the clock and the books say of a stop: the rule to follow, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A rule that time or the books have a stop follow.

    Attributes:
        on: The day from which its new state counts.
        last_on: Where it is over with it, the last day on which it stood.
        due_on: The next day it is waited for, where that changes.
        details: What its details say from now on.
        task: What a person is asked to do, if anything.
        facts: What it was judged by, for the log.
    """

    rule: str
    on: date
    last_on: date | None = None
    due_on: date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
