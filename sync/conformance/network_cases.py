"""Cases of the network: whatever happens on the way, the ledger ends whole."""

from collections.abc import Callable, Mapping
from datetime import timedelta, timezone
from email.utils import format_datetime
from typing import Final

import pytest

from connectors.doubles import PASSING, ServedDouble, Trouble
from connectors.simulators import faults
from sync.conformance.case import A_DAY, Case, spread

PLACES, MORE_PLACES = 3, 7
"""In how many places of a reading a fault is tried."""

ENDING: Final = (Trouble.TOO_MANY_TODAY, Trouble.ERROR_BODY)
"""Trouble that ends a run: to come back later, and for a person to look at."""

DATES: Final[Mapping[str, Callable[[ServedDouble], str]]] = {
    "none": lambda _: "",
    "nonsense": lambda _: "yesterday, about noon",
    "hours ahead": lambda double: _date(double, timedelta(hours=3)),
    "hours behind": lambda double: _date(double, timedelta(hours=-3)),
    "local": lambda double: format_datetime(
        double.clock.now.astimezone(timezone(timedelta(hours=13)))
    ),
}
"""What the header `Date` may be instead of the books' instant."""


class NetworkCases:
    """Cases of connectors that call their systems over a network."""

    @pytest.mark.parametrize("trouble", PASSING)
    def test_what_passes_does_no_harm(
        self, case: Case, served: ServedDouble, trouble: Trouble
    ) -> None:
        """A call that fails once is made again in the same run, which is whole."""
        for after in spread(_calls(case, served), PLACES):
            reader = case.another()
            with served.trouble(trouble, after=after, calls=1):
                reader.must_be_whole(reader.sync())
                assert served.faults.left == 0

    @pytest.mark.parametrize("trouble", ENDING)
    def test_a_run_cut_off_goes_on_where_it_stopped(
        self, case: Case, served: ServedDouble, trouble: Trouble
    ) -> None:
        """What landed before the trouble is not read again, and the rest is."""
        for after in spread(_calls(case, served), MORE_PLACES)[1:]:
            reader = case.another()
            with served.trouble(trouble, after=after):
                first = reader.sync()
                reader.must_say_why(first)
            assert sum(step.new for step in first.steps)
            again = reader.sync(later=A_DAY)
            reader.must_be_whole(again)
            assert sum(step.same + step.changed for step in again.steps) == 0

    @pytest.mark.parametrize("fresh", [False, True], ids=["the same", "new ones"])
    def test_pages_without_end(
        self, case: Case, served: ServedDouble, *, fresh: bool
    ) -> None:
        """A list that never ends is given up and named; the next run is whole."""
        count = _calls(case, served)
        case.sync()
        before = case.ours()
        served.plan(served.without_end(fresh=fresh))
        served.asked.clear()
        case.must_say_why(case.sync(full=True))
        # A page that comes again is known at once.
        assert fresh or len(served.asked) <= 2 * count
        assert case.ours() == before
        served.faults.clear()
        case.must_be_whole(case.sync(full=True))

    @pytest.mark.parametrize("date", DATES)
    def test_a_date_that_is_wrong(
        self, case: Case, served: ServedDouble, date: str
    ) -> None:
        """Whatever the server says the time is, nothing that happened stays unseen."""
        served.plan(faults.headed(lambda: {"date": DATES[date](served)}))
        invoice = served.post(100_00)
        case.sync()
        served.pay(invoice)
        served.post(7_00)
        case.must_be_whole(case.sync(), listed=True)

    def test_tokens_that_die_in_the_middle(
        self, case: Case, served: ServedDouble
    ) -> None:
        """Refused in the middle of a run, it renews them and goes on."""
        for after in spread(_calls(case, served), PLACES):
            reader = case.another()
            served.meanwhile(served.expire, after=after)
            reader.must_be_whole(reader.sync())
            assert served.faults.left == 0

    def test_the_answer_to_a_renewal_is_lost(
        self, case: Case, served: ServedDouble
    ) -> None:
        """The system has renewed and nobody heard: it is asked again, in one run."""
        case.sync()
        served.post(7_00)
        served.expire()
        served.plan_renewal(faults.lost_answer(), calls=1)
        case.must_be_whole(case.sync())
        assert served.faults.left == 0

    @pytest.mark.parametrize(
        "fault", [faults.answered(503), faults.timeout()], ids=["5xx", "timeout"]
    )
    def test_no_renewal_is_to_be_had(
        self, case: Case, served: ServedDouble, fault: faults.Fault
    ) -> None:
        """Without tokens nothing is read and a person learns why; later all is."""
        case.sync()
        before = case.ours()
        served.post(7_00)
        served.expire()
        served.plan_renewal(fault)
        case.must_say_why(case.sync())
        assert case.ours() == before
        served.faults.clear()
        case.must_be_whole(case.sync(later=A_DAY))

    def test_a_call_carries_its_own_parameters_only(
        self, case: Case, served: ServedDouble
    ) -> None:
        """A connector that was used for all sorts of calls asks as a new one does."""
        case.sync()
        invoice = served.post(100_00)
        case.sync()
        with served.untold():
            served.pay(invoice)
        used = case.connector()
        case.sync(connector=used)
        by_used = _asked(case, served, lambda: case.sync(connector=used, full=True))
        by_new = _asked(case, served, lambda: case.sync(full=True))
        assert by_used
        assert by_used - by_new == set()


def _calls(case: Case, served: ServedDouble) -> int:
    """Return how many calls read all the books for the first time."""
    reader = case.another()
    served.asked.clear()
    reader.must_be_whole(reader.sync())
    return sum(map(served.is_call, served.asked))


def _asked(case: Case, served: ServedDouble, run: Callable[[], object]) -> set[str]:
    """Return what a run asked."""
    served.asked.clear()
    run()
    assert case.ours() == case.theirs()
    return {served.words(one) for one in served.asked if served.is_call(one)}


def _date(double: ServedDouble, ahead: timedelta) -> str:
    return format_datetime(double.clock.now + ahead, usegmt=True)
