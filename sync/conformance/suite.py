"""The suite: a connector's tests derive from it, name a double, and have all cases."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.doubles import Double, ServedDouble, Trouble
from ledger.store.session import Database
from sync.conformance.books_cases import BooksCases
from sync.conformance.case import Case
from sync.conformance.network_cases import NetworkCases

POSTED, PAID, PAID_IN_PART = 14, 3, 3


class ConnectorSuite(BooksCases, NetworkCases, ABC):
    """All cases, for one connector.

    It needs a fixture `database`: a migrated ledger, as the working role.

    Attributes:
        small: Constants to be lowered so that few records make many pages, and to what:
            `page_size` for a page, more than a reading takes for the most of them.
        left_out: Cases and troubles that cannot befall the system, and the word
            `network` where there is none; each with its reason.
    """

    small: ClassVar[Mapping[str, int]] = {}
    left_out: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def double(self, place: Path) -> Double:
        """Return new books; `place` is an empty folder."""

    @pytest.fixture
    def case(
        self,
        database: Database,
        tmp_path: Path,
        request: pytest.FixtureRequest,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[Case]:
        """A tenant that is about to read books with something in them."""
        self._skip(request)
        for name, value in self.small.items():
            monkeypatch.setattr(name, value)
        with self.double(tmp_path) as double:
            invoices = [double.post(50_00 + number) for number in range(POSTED)]
            for invoice in invoices[:PAID]:
                double.pay(invoice)
            for invoice in invoices[PAID : PAID + PAID_IN_PART]:
                double.pay(invoice, 20_00)
            yield Case.of(double, database)

    @pytest.fixture
    def served(self, case: Case) -> ServedDouble:
        """The double, where it is called over a network."""
        if not isinstance(case.double, ServedDouble):
            pytest.skip(self.left_out["network"])
        return case.double

    def test_what_is_left_out_has_a_reason(self, tmp_path: Path) -> None:
        """Nothing is left out by a misspelling, without a word, or for convenience."""
        known = {name for name in dir(self) if name.startswith("test_")}
        assert self.left_out.keys() <= known | set(Trouble) | {"network"}
        assert all(self.left_out.values())
        is_served = isinstance(self.double(tmp_path), ServedDouble)
        assert is_served == ("network" not in self.left_out)
        assert not is_served or not self.left_out.keys() & set(Trouble)

    def _skip(self, request: pytest.FixtureRequest) -> None:
        """Leave a case out if the connector says why."""
        node = request.node
        names = [node.originalname]
        if hasattr(node, "callspec"):
            names.append(node.callspec.params.get("trouble"))
        for name in names:
            if name in self.left_out:
                pytest.skip(self.left_out[name])
