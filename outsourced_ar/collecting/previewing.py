"""Agencies asked whether they would take a case, before it is placed.

They are asked with no transaction open: a case that is ripe is noted, its agency asked,
and the case looked at again. An answer holds for exactly what was asked about; if the
claim changes meanwhile, the agency is asked anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from ledger.cases import Case
from ledger.errors import DuebridgeError
from outsourced_ar.collecting.packets import Packet
from outsourced_ar.placements.contract import Agency, Handover

NOT_ASKED: Final = "its agency is asked first"
ASKS_MAX: Final = 3
"""A claim that changes as often while its agency is asked waits for the next night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What an agency said of a case before it has it.

    Attributes:
        is_refusal: Whether it said no, rather than nothing.
        reasons: Why not, or why nothing is known.
        terms: Its price and conditions, where it would take it.
    """

    is_accepted: bool
    is_refusal: bool = False
    reasons: tuple[str, ...] = ()
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Previews:
    """What agencies said of cases, by what was asked.

    Attributes:
        agencies: Those that can be asked; the others take a case unseen.
    """

    agencies: Mapping[str, Agency]
    _said: dict[str, Word] = field(default_factory=dict)
    _wanted: dict[str, tuple[str, Handover]] = field(default_factory=dict)

    def of(self, case: Case, packet: Packet) -> Word:
        """Return what a case's agency said of it; noted to be asked if it was not."""
        if case.agency not in self.agencies:
            return Word(is_accepted=True)
        asked = _digest(case.agency, packet.content)
        if asked in self._said:
            return self._said[asked]
        handover = Handover(
            reference=case.reference, packet=packet.content, files=packet.files
        )
        self._wanted[asked] = case.agency, handover
        return Word(is_accepted=False, reasons=(NOT_ASKED,))

    def ask(self) -> bool:
        """Ask about what was noted, with no transaction open; say whether anything was.

        An agency that cannot be asked has said nothing; it is asked the next time.
        """
        wanted, self._wanted = self._wanted, {}
        for asked, (name, handover) in wanted.items():
            self._said[asked] = _word(name, self.agencies[name], handover)
        return bool(wanted)


def _word(name: str, agency: Agency, handover: Handover) -> Word:
    try:
        found = agency.preview(handover)
    except DuebridgeError as error:
        why = f"{name} could not be asked: {error.user_message}"
        return Word(is_accepted=False, reasons=(why,))
    if found.is_accepted:
        return Word(is_accepted=True, terms=found.terms)
    reasons = found.reasons or ("it gave no reason",)
    return Word(
        is_accepted=False,
        is_refusal=True,
        reasons=tuple(f"{name} would not take it: {one}" for one in reasons),
    )


def _digest(agency: str, content: Mapping[str, Any]) -> str:
    """Name what an agency is asked: all but our reference, which a try gives up."""
    told = {key: value for key, value in content.items() if key != "reference"}
    whole = json.dumps([agency, told], sort_keys=True)
    return sha256(whole.encode()).hexdigest()
