"""Whatever a reconciliation holds, all of it is settled, and in one way only."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DocumentRef
from ledger.testing import EUR
from mapping.tryton.matching import Part, match

USD = Currency("USD")
BEGIN = date(2026, 1, 1)
KINDS = [DocumentKind.INVOICE, DocumentKind.PAYMENT, DocumentKind.CREDIT_NOTE]
PARTS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from([EUR, USD]),
        st.integers(1, 10_000),
        st.integers(1, 10_000),
        st.integers(0, 90),
        st.sets(st.integers(1, 9), max_size=1),
    ),
    min_size=1,
    max_size=9,
)
Drawn = list[tuple[DocumentKind, Currency, int, int, int, set[int]]]


def parts_of(drawn: Drawn) -> list[Part]:
    """Make parts; in the company's currency both amounts are one."""
    return [
        Part(
            ref=DocumentRef(kind, SourceId(str(key))),
            line=key,
            currency=code,
            minor=minor,
            home_minor=minor if code == EUR else home,
            on=BEGIN + timedelta(days=days),
            linked=frozenset(map(str, links)),
        )
        for key, (kind, code, minor, home, days, links) in enumerate(drawn, 1)
    ]


@given(PARTS)
def test_every_part_is_settled_or_left_whole(drawn: Drawn) -> None:
    """What claims take of a document is all of it, or nothing."""
    whole = {part.ref: part.minor for part in parts_of(drawn)}
    matched = match(parts_of(drawn))
    taken = dict.fromkeys(whole, 0)
    for claim in matched.claims:
        assert claim.amount_minor > 0
        taken[claim.debit] += claim.amount_minor
        taken[claim.credit] += claim.credit_minor or claim.amount_minor
    left = {part.ref: part.minor for part in matched.left}
    assert taken == {ref: 0 if ref in left else minor for ref, minor in whole.items()}
    assert all(whole[ref] == minor for ref, minor in left.items())


@given(PARTS)
def test_nothing_is_left_on_both_sides(drawn: Drawn) -> None:
    """Only what nothing stands against is left."""
    sides = {part.ref.kind.side for part in match(parts_of(drawn)).left}
    assert len(sides) <= 1


@given(PARTS, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(drawn: Drawn, random: object) -> None:
    """One set makes the same claims under the same keys."""
    parts = parts_of(drawn)
    assert hasattr(random, "shuffle")
    random.shuffle(parts)
    found = {one.source_id: one for one in match(parts).claims}
    again = {one.source_id: one for one in match(parts_of(drawn)).claims}
    assert found == again
    assert len(found) == len(match(parts_of(drawn)).claims)


def test_a_link_goes_before_age() -> None:
    """The older invoice is left to the payment that nobody linked."""
    old, new, linked, loose = parts_of(
        [
            (DocumentKind.INVOICE, EUR, 50, 50, 0, set()),
            (DocumentKind.INVOICE, EUR, 70, 70, 1, set()),
            (DocumentKind.PAYMENT, EUR, 70, 70, 2, {2}),
            (DocumentKind.PAYMENT, EUR, 50, 50, 3, set()),
        ]
    )
    claims = match([old, new, linked, loose]).claims
    assert {(one.debit.source_id, one.credit.source_id) for one in claims} == {
        ("1", "4"),
        ("2", "3"),
    }


def test_euros_settle_dollars_by_their_worth() -> None:
    """Each side is used up in its own currency."""
    (claim,) = match(
        parts_of(
            [
                (DocumentKind.INVOICE, USD, 120_00, 100_00, 0, set()),
                (DocumentKind.PAYMENT, EUR, 100_00, 0, 1, set()),
            ]
        )
    ).claims
    assert (claim.currency, claim.amount_minor) == (USD, 120_00)
    assert claim.credit_minor == 100_00
