"""The steps of a sync from files: one a file, one for what complete exports lack."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from connectors.contract import Named, Page, Position, Progress
from connectors.tables import ChangedFileError, Stamp, TableFile
from ledger.errors import InvariantError, SourceError
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import Batch, Debtor, DocumentKind, DocumentRef
from mapping.files.allocations import AllocationMapper
from mapping.files.columns import Faults
from mapping.files.customers import CustomerMapper
from mapping.files.documents import NORMAL_KIND, OPPOSITE_KIND, DocumentMapper
from mapping.files.profiles import (
    Allocations,
    Customers,
    Documents,
    OpenItems,
    Profile,
    Table,
)
from mapping.files.rows import Chunk
from mapping.files.survey import Survey
from mapping.files.table import Setting

Mapper = DocumentMapper | CustomerMapper | AllocationMapper

DEBTORS_A_PAGE: Final = 5_000
CLAIMS_LIMIT_PERCENT: Final = 20
"""How many allocations may go unasked where no complete table of documents says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSource:
    """Where the files are, how to read them, and for whom.

    Attributes:
        path: A folder, or one file.
        profile_digest: Tells that the profile changed, so that all is read again.
        home: The tenant's home currency.
        business_on: The business day of the run.
    """

    path: Path
    profile: Profile
    profile_digest: str
    home: Currency
    business_on: date


class FileStep:
    """Reads one file of one table.

    The file is looked at whole before its first row lands; a run that was cut off goes
    on after the last page that landed, if the file is still the same.
    """

    def __init__(
        self,
        source: FilesSource,
        table: Table,
        path: Path,
        cursors: Mapping[str, Position],
        *,
        dated_on: date | None = None,
        landed_on: date | None = None,
    ) -> None:
        """Name the file; nothing is opened yet.

        Args:
            source: Where files are and how to read them.
            table: What the profile says of this one.
            path: The file.
            cursors: How far each file was read.
            dated_on: The day the file's list stands for, if its name says.
            landed_on: The day of the newest list that landed.
        """
        self.table = table
        self.dated_on = dated_on
        self.resource = f"{table.kind_name}/{path.name}"
        self.label = path.name
        self._source = source
        self._landed_on = landed_on
        self._file = TableFile(path, source.profile.format_of(table))
        self._cursor = cursors.get(self.resource, {})
        self._survey: Survey | None = None
        self._unread_claims = 0

    @property
    def skipped(self) -> str:
        """Why the file is not read."""
        if self._cursor.get("done") and self._is_same:
            return "unchanged"
        if self.dated_on and self._landed_on and self.dated_on < self._landed_on:
            return f"older than the list of {self._landed_on}, which has landed"
        return ""

    @property
    def resumes(self) -> bool:
        """Whether an earlier run was cut off within this very file."""
        return self._rows_done() > 0

    def named(self) -> Named | None:
        """Return what a complete open-item list names."""
        table = self.table
        if not isinstance(table, OpenItems) or not table.complete:
            return None
        return Named(
            documents=self.refs,
            kinds=frozenset(DocumentKind),
            open_only=True,
            limit_percent=table.closure_limit_percent,
            doubts=self.doubts,
        )

    def refs(self) -> Iterator[DocumentRef]:
        """Yield what the file's rows name, looking at the whole of it on the way."""
        survey, mapper = self._begin_survey(), self._mapper()
        for chunk in self._file.chunks():
            found = survey.add(chunk)
            if isinstance(mapper, DocumentMapper):
                kinds = mapper.kinds(mapper.sift(chunk).rows)
                for key, kind in zip(found, kinds, strict=True):
                    if key is not None:
                        # A row whose kind is unclear stands for all kinds.
                        for one in (kind,) if kind else DocumentKind:
                            yield DocumentRef(one, SourceId(key))
        self._end_survey(survey)

    def claims(self) -> Iterator[SourceId]:
        """Yield the keys of the claims that the file's rows make.

        A row that cannot be read still names its claim, if that has a key of its own.
        """
        mapper = self._mapper()
        self._unread_claims = 0
        for chunk in self._file.chunks():
            batch = mapper.batch(chunk)
            for claim in batch.claims:
                yield claim.source_id
            if not batch.problems:
                continue
            keys: Mapping[int, str | None] = {}
            if isinstance(mapper, AllocationMapper):
                sifted = mapper.sift(chunk)
                found = mapper.optional_keys(sifted.rows, "id", Faults())
                keys = dict(zip(sifted.numbers, found, strict=True))
            for problem in batch.problems:
                key = keys.get(problem.row)
                if key is None:
                    self._unread_claims += 1
                else:
                    yield SourceId(key)

    def doubts(self) -> str:
        """Return why what the file does not name proves nothing, or nothing."""
        count = self._surveyed().unkeyed_count
        if not count:
            return ""
        return (
            f"{count} rows of {self.label} have no key that can be read, so nothing "
            "that is missing counts as gone"
        )

    def claim_doubts(self) -> str:
        """Return the same of its claims, once they were all named."""
        if not self._unread_claims:
            return ""
        return (
            f"{self._unread_claims} rows of {self.label} cannot be read and may make "
            "any allocation, so none that is missing counts as taken back"
        )

    def pages(self) -> Iterator[Page]:
        """Yield the debtors that the file mentions, then its rows.

        Raises:
            ChangedFileError: The file changed while it was read.
            SourceError: The whole file cannot be right.
        """
        survey = self._surveyed()
        done, total = self._rows_done(), survey.row_count
        mapper = self._mapper(survey.repeated)
        debtors = [] if isinstance(self.table, Customers) else survey.debtors()
        if done and survey.repeated:
            # Whether a row repeats another depends on those that landed before the cut.
            for chunk in self._whole_chunks(mapper, 0, done):
                mapper.batch(chunk)
        for begin in range(0, len(debtors), DEBTORS_A_PAGE):
            part = debtors[begin : begin + DEBTORS_A_PAGE]
            yield self._page(done, total, partial(_mentions, part))
        for chunk in self._whole_chunks(mapper, done):
            done += len(chunk.rows)
            yield self._page(done, total, partial(mapper.batch, chunk))
        self._refuse_change()
        yield self._page(done, total, _nothing, is_done=True)

    def _page(
        self,
        done: int,
        total: int,
        decode: Callable[[], Batch],
        *,
        is_done: bool = False,
    ) -> Page:
        position = {
            "size": self._stamp.size,
            "mtime_ns": self._stamp.mtime_ns,
            "sha256": self._digest,
            "profile": self._source.profile_digest,
            "dated_on": None if self.dated_on is None else self.dated_on.isoformat(),
            "rows": done,
            "done": is_done,
        }
        return Page(position, Progress(done, total), decode, is_last=is_done)

    def _whole_chunks(
        self, mapper: Mapper, skip: int, stop: int | None = None
    ) -> Iterator[Chunk]:
        """Yield pages that do not cut a document's rows apart."""
        held: list[Any] = []
        first = 0
        for chunk in self._file.chunks(skip, stop):
            rows = [*held, *chunk.rows]
            first = chunk.first_row - len(held)
            whole = len(rows)
            if isinstance(mapper, DocumentMapper):
                whole = mapper.whole_rows(rows)
            held = rows[whole:]
            if whole:
                yield Chunk(chunk.place, first, rows[:whole])
                first += whole
        if held:
            yield Chunk(self._file.place, first, held)

    def _mapper(self, repeated: frozenset[int] = frozenset()) -> Mapper:
        header = self._file.header()
        setting = Setting(
            profile=self._source.profile,
            home=self._source.home,
            repeated=repeated,
        )
        match self.table:
            case Documents():
                return DocumentMapper(self.table, header, setting)
            case Customers():
                return CustomerMapper(self.table, header, setting)
            case Allocations():
                return AllocationMapper(self.table, header, setting)
            case _:
                raise InvariantError(f"{self.table.kind_name} is no table of records.")

    @cached_property
    def _stamp(self) -> Stamp:
        return self._file.stamp()

    @cached_property
    def _digest(self) -> str:
        return self._file.digest()

    @property
    def _is_same(self) -> bool:
        cursor = self._cursor
        if not cursor or cursor["profile"] != self._source.profile_digest:
            return False
        if Stamp(cursor["size"], cursor["mtime_ns"]) == self._stamp:
            return True
        return bool(cursor["sha256"] == self._digest)

    def _rows_done(self) -> int:
        if not self._cursor or self._cursor["done"] or not self._is_same:
            return 0
        return int(self._cursor["rows"])

    def _begin_survey(self) -> Survey:
        return Survey(
            self.table,
            self._file.format,
            self._file.header(),
            self._file.rows_expected,
        )

    def _end_survey(self, survey: Survey) -> None:
        survey.close()
        if survey.last_row_is_short and not self._file.ends_whole:
            raise ChangedFileError(self.label, "ends in the middle of a row")
        self._refuse_change()
        self._survey = survey

    def _surveyed(self) -> Survey:
        if self._survey is None:
            survey = self._begin_survey()
            for chunk in self._file.chunks():
                survey.add(chunk)
            self._end_survey(survey)
        assert self._survey is not None
        return self._survey

    def _refuse_change(self) -> None:
        if self._file.stamp() != self._stamp:
            raise ChangedFileError(self.label, "changed while it was read")


class BrokenStep:
    """Stands for a file that is not there, or cannot be told what it is."""

    dated_on = None
    resumes = False
    skipped = ""

    def __init__(
        self, table: Table, error: SourceError, path: Path | None = None
    ) -> None:
        """Keep the error until the step's turn."""
        self.table = table
        name = table.file if path is None else path.name
        self.resource = f"{table.kind_name}/{name}" if path else table.kind_name
        self.label = name or table.kind_name
        self._error = error

    def named(self) -> None:
        """Name nothing."""

    def pages(self) -> Iterator[Page]:
        """Raise the error.

        Raises:
            SourceError: Always.
        """
        raise self._error


class ExportsStep:
    """Settles what complete exports no longer name, before the files land."""

    resource = "exports"
    label = "what is gone"
    dated_on = None
    resumes = False

    def __init__(
        self, profile: Profile, steps: Sequence[FileStep | BrokenStep]
    ) -> None:
        """Keep the files' steps."""
        self._profile = profile
        complete = [step for step in steps if getattr(step.table, "complete", False)]
        self._complete = [step for step in complete if isinstance(step, FileStep)]
        self._broken = [step for step in complete if isinstance(step, BrokenStep)]

    @property
    def skipped(self) -> str:
        """Why there is nothing to settle."""
        if self._broken:
            return f"{self._broken[0].label} is missing, so nothing counts as gone"
        if not self._complete:
            return "no table is declared complete"
        if all(step.skipped for step in self._complete):
            return "unchanged"
        return ""

    def named(self) -> Named:
        """Return what all complete tables name together."""
        limits = [
            step.table.closure_limit_percent
            for step in self._complete
            if isinstance(step.table, Documents)
        ]
        return Named(
            documents=self._refs,
            kinds=self._kinds(),
            open_only=False,
            limit_percent=min(limits, default=CLAIMS_LIMIT_PERCENT),
            claims=self._claims if self._claims_are_complete else None,
            doubts=partial(_together, [step.doubts for step in self._documents]),
            claim_doubts=partial(
                _together, [step.claim_doubts for step in self._complete]
            ),
        )

    def pages(self) -> Iterator[Page]:
        """Yield nothing: the files have steps of their own."""
        return iter(())

    def _refs(self) -> Iterator[DocumentRef]:
        for step in self._documents:
            yield from step.refs()

    def _claims(self) -> Iterator[SourceId]:
        for step in self._complete:
            if _makes_claims(step.table):
                yield from step.claims()

    @property
    def _documents(self) -> list[FileStep]:
        return [step for step in self._complete if isinstance(step.table, Documents)]

    def _kinds(self) -> frozenset[DocumentKind]:
        """Return the kinds that only complete tables can hold."""
        complete: set[DocumentKind] = set()
        other: set[DocumentKind] = set()
        for table in self._profile.tables():
            if isinstance(table, Documents):
                kinds = {NORMAL_KIND[type(table)], OPPOSITE_KIND[type(table)]}
                kinds |= set(table.kinds.values())
                (complete if table.complete else other).update(kinds)
        return frozenset(complete - other)

    @property
    def _claims_are_complete(self) -> bool:
        """Whether every table that makes claims is complete."""
        making = [table for table in self._profile.tables() if _makes_claims(table)]
        return bool(making) and all(getattr(one, "complete", False) for one in making)


def _makes_claims(table: Table) -> bool:
    return getattr(table.columns, "invoice", None) is not None


def _together(doubts: Iterable[Callable[[], str]]) -> str:
    return "; ".join(filter(None, (doubt() for doubt in doubts)))


def _mentions(debtors: Sequence[Debtor]) -> Batch:
    return Batch(row_count=0, debtors=tuple(debtors))


def _nothing() -> Batch:
    return Batch(row_count=0)
