"""A sync run: each step of a connector, page by page, into the ledger."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.contract import Connector, Named, Progress, Snapshot, Step
from connectors.faults import RescheduleError, UnreachableError
from ledger.calendar import Clock
from ledger.errors import (
    AccessDeniedError,
    ApprovalError,
    CredentialError,
    DuebridgeError,
    RecordError,
    RequestError,
    RetryableError,
    SourceError,
)
from ledger.fx import NoRateError, RateSource
from ledger.ids import SourceId
from ledger.money import Currency, from_minor
from ledger.records import DocumentRef
from ledger.store import (
    absence,
    allocations,
    connections,
    derived,
    landing,
    pages,
    parked,
    problems,
    statistics,
    withdrawals,
)
from ledger.store.absence import Share
from ledger.store.connections import RunState, StoredConnection
from ledger.store.landing import Landing
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from sync import open_items
from sync.known_debtors import KnownDebtors
from sync.open_items import OpenItemCheck
from sync.result import RunResult, StepResult, StepState, Tally

WATCH = Callable[[str, Progress], None]
"""Told of each page that landed: which file or resource, and how far it is."""

UNREAD = (
    SourceError,
    RetryableError,
    CredentialError,
    AccessDeniedError,
    RecordError,
)
"""What keeps a source from being read, and nothing else from going on."""

OUT_OF_REACH = (UnreachableError, RescheduleError, CredentialError)
"""What keeps all that is left of a source from being read, too."""

MANY_RECORDS = 1_000
"""A run that moved so many leaves the planner with a wrong idea of the tables."""

PARKED = "parked"
"""The resource under which claims that waited land."""


class TooManyGoneError(ApprovalError):
    """A list would close or void more than a person allowed in advance."""

    def __init__(self, label: str, what: str, share: str) -> None:
        """Say how much, and how to go on."""
        super().__init__(
            f"{label} no longer names {share} {what}. A wrong or partial file looks "
            "like this, so nothing was changed.",
            remedy="Check the file. If it is right, run again with --accept-closures.",
        )


class WholeOnlyError(RequestError):
    """Single documents cannot be read."""

    def __init__(self, connection: str) -> None:
        """Name the connection."""
        super().__init__(
            f"{connection} is read whole; single documents cannot be asked for.",
            remedy="Run the sync without --document.",
        )


class UnknownKindError(RequestError):
    """A system has no documents of a kind."""

    def __init__(self, connection: str, kind: str) -> None:
        """Name both."""
        super().__init__(
            f"{connection} has no {kind}.", remedy="Name another kind of document."
        )


class MissingOpenError(ApprovalError):
    """The books' list of open items leaves out more than a person allowed."""

    def __init__(self, missing: int, ours: int, limit: int) -> None:
        """Say how much, and how to go on."""
        super().__init__(
            f"The books' list of open items leaves out {missing} of {ours} that are "
            f"open here (limit {limit} %). A wrong organisation or a right that is "
            "missing looks like this, so none of them was closed.",
            remedy="Check the books. If it is right, run `duebridge sync TENANT "
            "--accept-closures`.",
        )


def unwatched(label: str, progress: Progress) -> None:
    """Tell nobody."""
    del label, progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """All that a run needs.

    Attributes:
        full: Whether to read everything again.
        accept_closures: Whether a person allowed any number of closures.
        watch: Told of each page.
    """

    database: Database
    tenant: Tenant
    connection: StoredConnection
    connector: Connector
    clock: Clock
    rates: RateSource
    full: bool = False
    accept_closures: bool = False
    watch: WATCH = unwatched

    def run(self) -> RunResult:
        """Read what is new; one run at a time for a connection.

        Raises:
            ConnectionBusyError: Another process is syncing it.
            ClockBehindError: The clock stands before what the ledger knows.
        """
        with connections.exclusive(self.database, self.connection):
            return _Run(self).run()

    def touch(self, refs: Sequence[DocumentRef]) -> RunResult:
        """Read some documents again at once, as when the books say they changed.

        Raises:
            WholeOnlyError: The connector reads its source whole.
            ConnectionBusyError: Another process is syncing the connection.
        """
        with connections.exclusive(self.database, self.connection):
            snapshot = self.connector.snapshot()
            if snapshot is None:
                raise WholeOnlyError(self.connection.name)
            for ref in refs:
                if ref.kind not in snapshot.kinds:
                    raise UnknownKindError(self.connection.name, ref.kind)
            return _Run(self).touch(snapshot, refs)

    @property
    def business_on(self) -> date:
        """The tenant's business day."""
        return self.clock.today(self.tenant.timezone)


class _Run:
    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._result = RunResult(sync.connection.name)
        self._debtors = KnownDebtors()
        self._is_out_of_reach = False
        with self._session() as session:
            self._cursors = connections.load_cursors(session, sync.connection.id)
            self._run_id = connections.begin_run(
                session,
                sync.connection.id,
                started_at=sync.clock.now(),
                business_on=sync.business_on,
            )

    def run(self) -> RunResult:
        result = self._result
        try:
            for step in self._sync.connector.steps(self._cursors, full=self._sync.full):
                if result.state is RunState.STOPPED or self._is_out_of_reach:
                    break
                self._take(step)
        except UNREAD as error:
            self._fail(StepResult("source", self._sync.connection.name), error)
        self._land_parked()
        self._check_open_items()
        if sum(step.moved for step in result.steps) >= MANY_RECORDS:
            with self._session() as session:
                statistics.refresh(session)
        self._end()
        return result

    def _end(self) -> None:
        """Count what is left and note how the run ended."""
        result = self._result
        with self._session() as session:
            waiting = parked.load_waiting(session, self._sync.connection.id)
            result.waiting = len(waiting)
            result.problems = problems.count_open(session, self._sync.connection.id)
            connections.end_run(
                session,
                self._run_id,
                state=result.state,
                completed_at=self._sync.clock.now(),
                summary=result.as_json(),
                message=result.message or None,
            )

    def touch(self, snapshot: Snapshot, refs: Sequence[DocumentRef]) -> RunResult:
        result = StepResult("documents", "documents asked for")

        def allow(missing: int, ours: int) -> None:
            del missing, ours

        check = OpenItemCheck(snapshot=snapshot, begin=self._landing, refuse=allow)
        try:
            check.touch(refs, result)
        except UNREAD as error:
            self._fail(result, error)
        else:
            self._result.steps.append(result)
        self._end()
        return self._result

    def _take(self, step: Step) -> None:
        result = StepResult(step.resource, step.label)
        try:
            result.note = step.skipped
            if result.note:
                result.state = StepState.SKIPPED
            else:
                self._settle_gone(step, result)
                self._land(step, result)
        except UNREAD as error:
            self._fail(result, error)
            return
        self._result.steps.append(result)

    def _fail(self, result: StepResult, error: DuebridgeError) -> None:
        """Note a step that waits for a person's word, or could not be read."""
        result.state, self._result.state = StepState.FAILED, RunState.FAILED
        if isinstance(error, ApprovalError):
            result.state, self._result.state = StepState.STOPPED, RunState.STOPPED
        self._is_out_of_reach = isinstance(error, OUT_OF_REACH)
        result.note = error.user_message
        self._result.steps.append(result)

    def _settle_gone(self, step: Step, result: StepResult) -> None:
        named = step.named()
        if named is None:
            return
        with self._session() as session:
            begun = self._begin(session, step.resource, step.dated_on)
            derived.prepare(begun)
            count = absence.name_documents(begun, named.documents())
            claims = _Counted(named.claims() if named.claims is not None else ())
            withdrawals.name_claims(begun, claims)
            result.note = named.doubts()
            if result.note:
                return
            self._refuse_too_many(begun, step, named, count)
            closed = voided = unclaimed = 0
            if named.open_only:
                closed = absence.close_missing(begun, named.kinds)
            else:
                voided = absence.void_missing(begun, named.kinds)
            if named.claims is not None:
                result.note = named.claim_doubts()
                if not result.note:
                    unclaimed = withdrawals.withdraw_unnamed(begun)
                    self._refuse_unclaimed(step, named, claims.count, unclaimed)
            derived.refresh(begun)
        result.closed, result.voided, result.unclaimed = closed, voided, unclaimed

    def _refuse_too_many(
        self, begun: Landing, step: Step, named: Named, count: int
    ) -> None:
        if self._sync.accept_closures:
            return
        what = "open items" if named.open_only else "documents"
        shares = (
            absence.open_shares(begun, named.kinds)
            if named.open_only
            else absence.standing_shares(begun, named.kinds)
        )
        standing = sum(share.standing for share in shares)
        missing = sum(share.missing for share in shares)
        if not missing:
            return
        if not count:
            raise TooManyGoneError(
                step.label, f"of {standing} {what}, and has no rows", "any"
            )
        limit = named.limit_percent
        if missing * 100 > standing * limit:
            share = f"{missing} of {standing}"
            raise TooManyGoneError(step.label, f"{what} (limit {limit} %)", share)
        percent = self._amount_percent(shares)
        if percent > limit:
            share = f"{percent} % of the amount of the"
            raise TooManyGoneError(step.label, f"{what} (limit {limit} %)", share)

    def _refuse_unclaimed(
        self, step: Step, named: Named, count: int, missing: int
    ) -> None:
        """Raise if too many allocations were taken back; that undoes it."""
        if self._sync.accept_closures or not missing:
            return
        limit, what = named.limit_percent, "allocations"
        if not count:
            raise TooManyGoneError(
                step.label, f"of {missing} {what}, and has no rows", "any"
            )
        if missing * 100 > (missing + count) * limit:
            share = f"{missing} of {missing + count}"
            raise TooManyGoneError(step.label, f"{what} (limit {limit} %)", share)

    def _amount_percent(self, shares: list[Share]) -> int:
        """Return how much of the open amount is missing, in home currency.

        A currency without a rate is measured by itself; the largest share counts.
        """
        whole = gone = 0
        found = [0]
        for share in shares:
            try:
                per = self._per_home(share.currency)
            except NoRateError:
                found.append(_percent(share.missing_minor, share.open_minor))
                continue
            whole += int(from_minor(share.open_minor, share.currency) * 100 / per)
            gone += int(from_minor(share.missing_minor, share.currency) * 100 / per)
        return max(*found, _percent(gone, whole))

    def _per_home(self, code: Currency) -> Decimal:
        home = self._sync.tenant.home_currency
        if code == home:
            return Decimal(1)
        return self._sync.rates.rate(
            home=home, currency=code, on=self._sync.business_on
        ).per

    def _land(self, step: Step, result: StepResult) -> None:
        before = self._cursors.get(step.resource) if step.resumes else None
        since = None if before is None else datetime.fromisoformat(before["since"])
        if before is not None:
            result.tally = Tally.from_json(before["tally"])
        for page in step.pages():
            batch = self._debtors.unsaid(page.decode())
            with self._session() as session:
                begun = self._begin(session, step.resource, step.dated_on)
                since = since or begun.known_at
                result.add(batch, pages.land(begun, step.resource, batch))
                position = {
                    **page.position,
                    "since": since.isoformat(),
                    "tally": result.tally.as_json(),
                }
                connections.save_cursor(begun, step.resource, position)
                if page.is_last:
                    problems.resolve_unseen(begun, step.resource, since=since)
            self._debtors.note(batch)
            self._sync.watch(step.label, page.progress)

    def _land_parked(self) -> None:
        with self._session() as session:
            connection_id = self._sync.connection.id
            if allocations.any_ready(session, connection_id):
                begun = self._begin(session, PARKED, None)
                derived.prepare(begun)
                allocations.retry_parked(begun)
                derived.refresh(begun)

    def _check_open_items(self) -> None:
        snapshot = self._sync.connector.snapshot()
        if snapshot is None or self._result.state is not RunState.COMPLETED:
            return
        result = StepResult(open_items.RESOURCE, open_items.RESOURCE)

        def refuse(missing: int, ours: int) -> None:
            limit = snapshot.limit_percent
            if not self._sync.accept_closures and missing * 100 > ours * limit:
                raise MissingOpenError(missing, ours, limit)

        check = OpenItemCheck(snapshot=snapshot, begin=self._landing, refuse=refuse)
        try:
            found = check.run(result)
        except UNREAD as error:
            self._fail(result, error)
            return
        result.note = found.text
        self._result.open_items = found
        self._result.steps.append(result)

    @contextmanager
    def _landing(self) -> Iterator[Landing]:
        with self._session() as session:
            begun = self._begin(session, open_items.RESOURCE, None)
            derived.prepare(begun)
            yield begun

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with self._sync.database.tenant(self._sync.tenant.scope) as session:
            yield session

    def _begin(self, session: Session, resource: str, dated_on: date | None) -> Landing:
        return landing.begin(
            session,
            connection_id=self._sync.connection.id,
            run_id=self._run_id,
            resource=resource,
            clock_at=self._sync.clock.now(),
            business_on=dated_on or self._sync.business_on,
        )


class _Counted(Iterator[SourceId]):
    """Counts what it passes on."""

    def __init__(self, keys: Iterable[SourceId]) -> None:
        self._keys = iter(keys)
        self.count = 0

    def __next__(self) -> SourceId:
        key = next(self._keys)
        self.count += 1
        return key


def _percent(part: int, whole: int) -> int:
    """Return a share in whole percent, rounded up."""
    return -(-part * 100 // whole) if whole else 0
