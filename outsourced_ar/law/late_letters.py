"""A compensation by a scale: over the sum of one letter, shared out to its items."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ledger import compensation
from ledger.compensation import Scale
from ledger.ids import DocumentId
from outsourced_ar.law.late_payment import Late


def of_letter(
    lates: Sequence[Late],
    asked: Mapping[tuple[DocumentId, int], int] | None = None,
) -> tuple[Late, ...]:
    """Return the same, a scale being over the sum of all that one letter asks for.

    What was charged on the scale before, and what brings no compensation, is no part of
    the sum.

    Args:
        lates: Of one debtor.
        asked: What a letter that went asked for, by document and part; without it, what
            is open.
    """
    scaled = _scaled(lates, asked)
    if not scaled:
        return tuple(lates)
    first = scaled[0][0]
    rule = first.sheet.compensation
    assert isinstance(rule, Scale)
    principals = [minor for _, minor in scaled]
    whole = compensation.for_letter(rule, principals, first.document.currency)
    if whole.minor is None:
        return tuple(lates)
    shares = compensation.shared_out(whole.minor, principals)
    changed = {
        (one.document.document_id, one.part): replace(
            one, compensation=replace(whole, minor=share)
        )
        for (one, _), share in zip(scaled, shares, strict=True)
    }
    return tuple(
        changed.get((one.document.document_id, one.part), one) for one in lates
    )


def sharing(lates: Sequence[Late]) -> tuple[Late, ...]:
    """Return those of a debtor whose compensation is one scale over their sum."""
    return tuple(one for one, _ in _scaled(lates, None) if one.new_compensation_minor)


def _scaled(
    lates: Sequence[Late], asked: Mapping[tuple[DocumentId, int], int] | None
) -> list[tuple[Late, int]]:
    """Return what a scale is new for, with what is asked of it."""
    scaled: list[tuple[Late, int]] = []
    for one in lates:
        principal = (
            min(one.open_minor, one.basis_minor)
            if asked is None
            else asked.get((one.document.document_id, one.part), 0)
        )
        if principal > 0 and one.is_new_on_scale:
            scaled.append((one, principal))
    return scaled
