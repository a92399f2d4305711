"""The proof: differences are explained by records that add up to them, or not."""

from datetime import date

from ledger.evidence import EVIDENCE_MAX, Cause, Evidence, explain
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.proof import (
    Comparison,
    ControlLine,
    ControlTotals,
    Proof,
    ProofState,
    as_json,
    compare,
    content_hash,
)

EUR, USD = Currency("EUR"), Currency("USD")
ANNA, BERT = SourceId("anna"), SourceId("bert")


def evidence(
    minor: int,
    cause: Cause = Cause.QUARANTINED,
    *,
    record: str = "",
    currency: Currency = EUR,
    debtor: SourceId | None = None,
) -> Evidence:
    """Make a record that the books count for so much more than the ledger."""
    return Evidence(
        cause=cause,
        record=record or f"record of {minor}",
        currency=currency,
        debtor=debtor,
        minor=minor,
    )


def control(
    *lines: tuple[Currency, SourceId | None, int],
    currencies: frozenset[Currency] | None = None,
) -> ControlTotals:
    """Make the books' totals."""
    return ControlTotals(
        source="a list",
        lines=tuple(
            ControlLine(currency=code, debtor=debtor, balance_minor=minor)
            for code, debtor, minor in lines
        ),
        currencies=currencies,
    )


def ours(
    *balances: tuple[Currency, SourceId | None, int],
) -> dict[tuple[Currency, SourceId | None], int]:
    """Make the ledger's balances."""
    return {(code, debtor): minor for code, debtor, minor in balances}


def a_proof(*comparisons: Comparison, source: str | None = "a list") -> Proof:
    """Make a proof of comparisons."""
    return Proof(
        tenant="t",
        connection="c",
        source=source,
        as_of=date(2026, 6, 30),
        known_at=None,
        comparisons=comparisons,
        statements=(),
    )


def test_no_difference_needs_no_explanation() -> None:
    """Equal balances are explained by nothing, whatever records there are."""
    assert explain(0, [evidence(5), evidence(-5)]) == ()


def test_one_cause_explains_with_all_its_records() -> None:
    """All records of a cause that add up to the difference explain it together."""
    quarantined = (evidence(300), evidence(200), evidence(-50), evidence(50))
    other = evidence(7, Cause.DELETION)
    assert explain(500, [*quarantined, other]) == quarantined


def test_several_causes_explain_together() -> None:
    """Where no one cause does, the records of two causes may."""
    found = [
        evidence(300),
        evidence(40, Cause.FUTURE_DATED),
        evidence(-15, Cause.UNAPPLIED),
    ]
    assert explain(285, found) == (found[0], found[2])
    assert explain(325, found) == tuple(found)


def test_a_single_record_may_explain() -> None:
    """One record among others of its cause explains a difference of its size."""
    found = [evidence(300), evidence(200), evidence(50)]
    assert explain(200, found) == (found[1],)


def test_three_single_records_may_explain() -> None:
    """Up to three records of a cause explain what is their sum."""
    found = [evidence(1), evidence(10), evidence(100), evidence(1000)]
    assert explain(1101, found) == (found[0], found[2], found[3])


def test_two_single_records_of_one_size_explain_nothing() -> None:
    """Which of two like records it was nobody knows, so the difference stays."""
    found = [evidence(200, record="A"), evidence(200, record="B"), evidence(9)]
    assert explain(200, found) == ()


def test_two_pairs_of_one_sum_explain_nothing() -> None:
    """Two ways to add up are no explanation."""
    found = [evidence(10), evidence(40), evidence(20), evidence(30), evidence(999)]
    assert explain(50, found) == ()


def test_two_causes_of_one_sum_explain_nothing() -> None:
    """Where either of two causes would explain it alone, neither is said to."""
    found = [evidence(200), evidence(200, Cause.FUTURE_DATED)]
    assert explain(200, found) == ()


def test_what_does_not_add_up_stays_unknown() -> None:
    """A cent off is not explained."""
    assert explain(201, [evidence(200), evidence(2, Cause.DELETION)]) == ()
    assert explain(1, []) == ()


def test_too_many_records_are_only_taken_together() -> None:
    """Past the limit single records are not tried, but a whole cause still is."""
    many = [evidence(2**number) for number in range(EVIDENCE_MAX + 1)]
    assert explain(4, many) == ()
    assert explain(2 ** (EVIDENCE_MAX + 1) - 1, many) == tuple(many)


def test_comparing_currency_by_currency() -> None:
    """Each currency is compared with itself, missing ones as zero, zeros left out."""
    mine = ours((EUR, None, 1000), (USD, None, 0))
    found = compare(mine, control((EUR, None, 1000), (USD, None, 0)), [])
    assert [(one.currency, one.difference_minor) for one in found] == [(EUR, 0)]
    found = compare({}, control((USD, None, 70)), [])
    assert [(one.currency, one.difference_minor) for one in found] == [(USD, 70)]
    found = compare(mine, control(), [])
    assert [(one.currency, one.difference_minor) for one in found] == [(EUR, -1000)]


def test_comparing_debtor_by_debtor() -> None:
    """Lines of one debtor and currency add up; each debtor is compared alone."""
    mine = ours((EUR, ANNA, 300), (EUR, BERT, 200))
    lines = control((EUR, ANNA, 100), (EUR, ANNA, 200), (EUR, BERT, 250))
    found = {one.debtor: one.difference_minor for one in compare(mine, lines, [])}
    assert found == {ANNA: 0, BERT: 50}


def test_currencies_the_books_do_not_speak_of_are_left_out() -> None:
    """A total in one currency says nothing of the others."""
    mine = ours((EUR, None, 300), (USD, None, 200))
    totals = control((EUR, None, 300), currencies=frozenset({EUR}))
    assert [one.currency for one in compare(mine, totals, [])] == [EUR]


def test_records_explain_their_own_currency_and_debtor_only() -> None:
    """A record of another currency or debtor is no explanation, one of nobody's is."""
    mine = ours((EUR, ANNA, 100))
    totals = control((EUR, ANNA, 150))
    for foreign in (evidence(50, currency=USD), evidence(50, debtor=BERT)):
        (one,) = compare(mine, totals, [foreign])
        assert one.unknown_minor == 50
        assert one.candidates == ()
    for own in (evidence(50, debtor=ANNA), evidence(50)):
        (one,) = compare(mine, totals, [own])
        assert one.explained == (own,)
        assert one.unknown_minor == 0


def test_candidates_are_shown_where_nothing_adds_up() -> None:
    """Records that may matter are listed, and the whole difference stays unknown."""
    found = [evidence(30), evidence(7, Cause.DELETION)]
    (one,) = compare(ours((EUR, None, 100)), control((EUR, None, 150)), found)
    assert one.explained == ()
    assert one.candidates == tuple(found)
    assert one.unknown_minor == 50


def test_a_proved_balance_shows_no_candidates() -> None:
    """Where both sides are equal no record is under suspicion."""
    (one,) = compare(ours((EUR, None, 9)), control((EUR, None, 9)), [evidence(3)])
    assert one.candidates == ()


def test_the_state_of_a_proof() -> None:
    """A proof is as good as its worst comparison, and none without the books' word."""
    same = Comparison(currency=EUR, debtor=None, ours_minor=5, theirs_minor=5)
    explained = Comparison(
        currency=USD,
        debtor=None,
        ours_minor=5,
        theirs_minor=8,
        explained=(evidence(3, currency=USD),),
    )
    unknown = Comparison(currency=EUR, debtor=ANNA, ours_minor=5, theirs_minor=8)
    assert a_proof(same).state is ProofState.PROVED
    assert a_proof(same, explained).state is ProofState.EXPLAINED
    assert a_proof(same, explained, unknown).state is ProofState.DIFFERENT
    assert a_proof(source=None).state is ProofState.UNPROVED


def test_the_same_proof_has_the_same_hash() -> None:
    """The hash depends on what a proof says, not on the order its JSON is built in."""
    body = as_json(
        a_proof(*compare(ours((EUR, None, 100)), control((EUR, None, 150)), []))
    )
    assert body["comparisons"][0]["unknown"] == {"amount": "0.50", "currency": "EUR"}
    backwards = dict(reversed(body.items()))
    assert content_hash(body) == content_hash(backwards)
    assert content_hash(body) != content_hash({**body, "tenant": "u"})
