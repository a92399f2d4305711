"""Cases of the books: whatever happens in them, the ledger ends with their balances."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import ClassVar

import pytest

from connectors.doubles import Trouble
from ledger.errors import DuebridgeError
from ledger.store.connections import ConnectionBusyError, RunState
from sync.conformance.case import A_DAY, Case, moved
from sync.conformance.stories import STORIES

A_MOMENT = timedelta(minutes=1)
MOVED = 3
"""Documents that move in the middle of a reading."""


class BooksCases:
    """Cases that every connector can be put through."""

    page_size: ClassVar[int] = 5
    found_by_list: ClassVar[frozenset[str]] = frozenset()
    """Stories whose end the system tells to nobody who does not ask for the list."""

    def test_the_first_sync_holds_what_the_books_hold(self, case: Case) -> None:
        """Each open item is here with its balance and its day, and nothing else."""
        case.must_be_whole(case.sync())
        assert len(case.ours()) > 2 * self.page_size

    def test_what_was_read_is_not_counted_twice(self, case: Case) -> None:
        """Read again for changes or in full, the same books move nothing."""
        case.sync()
        assert moved(case.sync()) == 0
        again = case.sync(full=True)
        assert moved(again) == 0
        case.must_be_whole(again)

    @pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
    @pytest.mark.parametrize("story", STORIES)
    def test_what_happens_in_the_books_happens_here(
        self, case: Case, story: str, *, told: bool
    ) -> None:
        """Changes are followed by their stamps, and found by balances without one."""
        happening = STORIES[story](case.double)
        next(happening)
        case.must_be_whole(case.sync())
        is_going_on = True
        while is_going_on:
            with ExitStack() as stack:
                if not told:
                    stack.enter_context(case.double.untold())
                is_going_on = next(happening, "over") is None
            listed = not told or story in self.found_by_list
            case.must_be_whole(case.sync(), listed=listed)
        assert moved(case.sync()) == 0

    def test_what_was_known_stays_known(self, case: Case) -> None:
        """A payment that is deleted is reversed by an entry, and paid as known then."""
        payment = case.double.pay(case.double.post(100_00))
        case.sync()
        before, then = case.ours(), case.clock.now() + A_MOMENT
        case.double.unpay(payment)
        case.sync()
        assert len(case.ours()) == len(before) + 1
        assert case.ours(then) == before

    def test_equal_stamps_across_a_page_edge(self, case: Case) -> None:
        """Many records of one instant are all read, however pages divide them."""
        case.sync()
        for minor in range(2 * self.page_size + 1):
            case.double.post(1_00 + minor)
        case.must_be_whole(case.sync())

    def test_a_stamp_at_the_edge_of_a_reading(self, case: Case) -> None:
        """What is entered at the very instant of a reading is told by the next."""
        case.sync()
        case.double.post(100_00)
        case.must_be_whole(case.sync())

    def test_rows_that_move_while_they_are_read(self, case: Case) -> None:
        """Paid and posted in the middle of a reading, none is lost for good."""
        for after in range(1, 4 * self.page_size, self.page_size):
            paid = [case.double.post(10_00 + after) for _ in range(MOVED)]
            reader = case.another()

            def act(invoices: list[str] = paid) -> None:
                for invoice in invoices:
                    case.double.pay(invoice)
                    case.double.post(3_00)

            case.double.meanwhile(act, after=after)
            result = reader.sync()
            if result.state is not RunState.COMPLETED:
                reader.must_say_why(result)
            reader.must_be_whole(reader.sync(later=A_DAY), listed=True)

    def test_one_bad_record_keeps_the_page(self, case: Case) -> None:
        """It waits in quarantine under its key; mended, it is as if it never was."""
        bad = case.double.post(100_00)
        whole = case.theirs()
        with case.double.misspelt(bad):
            result = case.sync()
            assert result.state is RunState.COMPLETED, result.message
            assert not result.is_clean
            assert case.problem_refs() == [bad]
            ours = case.ours()
            assert len(ours) == len(whole) - 1
            assert ours.items() <= whole.items()
        case.must_be_whole(case.sync(), listed=True)
        assert case.problem_refs() == []

    @pytest.mark.parametrize("hours", [-26, -3, 3, 26])
    def test_clocks_that_differ(self, case: Case, hours: int) -> None:
        """A product that is early or late still follows the books by their clock."""
        case.clock.ahead = timedelta(hours=hours)
        invoice = case.double.post(100_00)
        case.sync()
        case.double.pay(invoice)
        case.double.post(7_00)
        case.must_be_whole(case.sync())

    @pytest.mark.parametrize("hour", ["00:30", "23:30"])
    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_days_are_the_books_own(self, case: Case, zone: str, hour: str) -> None:
        """A day has no time zone: not the machine's, the tenant's nor the server's."""
        with _machine_in(zone):
            hours, minutes = map(int, hour.split(":"))
            now = case.double.clock.now
            case.double.clock.set(
                now.replace(hour=hours, minute=minutes) + timedelta(days=1)
            )
            invoice = case.double.post(100_00)
            case.must_be_whole(case.sync(later=timedelta(minutes=1)))
            case.double.pay(invoice, 1_00)
            case.must_be_whole(case.sync())

    def test_a_second_process_is_sent_away(self, case: Case) -> None:
        """While a run is under way another is refused in words, and both do no harm."""
        refused: list[DuebridgeError] = []

        def second() -> None:
            try:
                case.sync(later=timedelta())
            except DuebridgeError as error:
                refused.append(error)

        case.double.meanwhile(second, after=2)
        case.must_be_whole(case.sync())
        assert [type(error) for error in refused] == [ConnectionBusyError]
        assert refused[0].remedy

    @pytest.mark.parametrize("trouble", Trouble)
    def test_what_stays_wrong_fails_in_words(
        self, case: Case, trouble: Trouble
    ) -> None:
        """Nothing is landed of it, a person reads what to do, the next run is whole."""
        invoice = case.double.post(100_00)
        case.sync()
        case.double.pay(invoice)
        case.double.post(7_00)
        before = case.ours()
        with case.double.trouble(trouble):
            case.must_say_why(case.sync())
            assert case.ours() == before
        case.must_be_whole(case.sync(later=A_DAY))


@contextmanager
def _machine_in(zone: str) -> Iterator[None]:
    """Put the machine into another time zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()
