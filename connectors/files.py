"""Files: a folder or a file of CSV or XLSX, read as its profile declares.

Source: whatever an accounting system exports; two shapes, an open-item list or full
exports. Auth: none. Limits: none. Change detection: size, time stamp and SHA-256 of
each file; a file that did not change is not read again. Deletions: only where the
profile declares a table complete. Documented in `docs/connectors/files.md`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors import written_files
from connectors.contract import Capability, Position, Step
from connectors.file_steps import BrokenStep, ExportsStep, FilesSource, FileStep
from connectors.tables import SHEET_SUFFIXES, TEXT_SUFFIXES, TableFile
from connectors.written_files import FilesWriter
from ledger.errors import SourceError
from ledger.proof import ControlLine, ControlTotals
from mapping.files.controls import (
    AgedListMapper,
    TotalsRowMapper,
    TrialBalanceMapper,
)
from mapping.files.profiles import (
    AgedList,
    OpenItems,
    Table,
    TrialBalance,
    date_in_name,
    matches,
)
from mapping.files.table import Setting


class NoFileError(SourceError):
    """No file belongs to a table that the profile declares."""

    def __init__(self, table: Table, folder: Path) -> None:
        """Name the table and the folder."""
        pattern = f" that matches {table.file!r}" if table.file else ""
        super().__init__(
            f"There is no CSV or XLSX file{pattern} for [{table.kind_name}] in "
            f"{folder}.",
            remedy="Put it there, or correct `file` in the profile.",
        )


class SeveralFilesError(SourceError):
    """Several files could be the one list."""

    def __init__(self, table: Table, names: Sequence[str]) -> None:
        """Name them."""
        super().__init__(
            f"Several files could be [{table.kind_name}]: {', '.join(names)}.",
            remedy="Set `file` in the profile so that it matches one, or `dated_on` so "
            "that each is read as the list of its day.",
        )


class UndatedFileError(SourceError):
    """A file's name does not carry the date the profile says it does."""

    def __init__(self, name: str, format_: str) -> None:
        """Name the file."""
        super().__init__(
            f"The name {name!r} carries no date written {format_}.",
            remedy="Rename the file, or correct `dated_on` in the profile.",
        )


class NoTotalsError(SourceError):
    """A file does not state the totals that the profile says it does."""

    def __init__(self, table: Table, name: str) -> None:
        """Name the file and what was looked for."""
        looked_for = "row that `totals_row` describes"
        if isinstance(table, TrialBalance):
            looked_for = f"account {' or '.join(table.accounts)}"
        super().__init__(
            f"{name} has no {looked_for}, so it proves nothing.",
            remedy=f"Export it again, or correct [{table.kind_name}] in the profile.",
        )


class FilesConnector:
    """Reads one folder or file."""

    def __init__(self, source: FilesSource) -> None:
        """Keep what to read; nothing is opened yet."""
        self._source = source
        self._profile = source.profile

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the profile makes possible."""
        found = {Capability.INCREMENTAL, *written_files.WRITES}
        if any(getattr(table, "complete", False) for table in self._profile.tables()):
            found.add(Capability.SEES_DELETES)
        listed = self._profile.open_items
        if listed is not None and listed.complete:
            found.add(Capability.OPEN_ITEM_SNAPSHOT)
        invoices = self._profile.invoices
        if invoices is not None and invoices.columns.home_total is not None:
            found.add(Capability.HOME_AMOUNTS)
        if self._has_control:
            found.add(Capability.AR_CONTROL_BALANCE)
        aged = self._profile.control.aged_list
        if aged is not None and aged.columns.debtor is not None:
            found.add(Capability.AGEING_REPORT)
        return frozenset(found)

    def check(self) -> Sequence[str]:
        """Find each table's files and columns; return a line each.

        Raises:
            SourceError: A file or a column is missing.
        """
        found = []
        for table in (*self._profile.tables(), *self._profile.controls()):
            for path in self._files(table):
                header = TableFile(path, self._profile.format_of(table)).header()
                table.positions(header)
                found.append(f"{path.name}: {table.kind_name}, {header.width} columns")
        return found

    def steps(self, cursors: Mapping[str, Position], *, full: bool) -> Iterator[Step]:
        """Yield a step a file, after one that settles what complete exports lack."""
        listed = self._profile.open_items
        if listed is not None:
            yield from self._list_steps(listed, cursors, full=full)
            return
        steps: list[FileStep | BrokenStep] = []
        for table in self._profile.tables():
            try:
                files = self._files(table)
            except NoFileError as error:
                steps.append(BrokenStep(table, error))
                continue
            steps += [
                FileStep(self._source, table, path, {} if full else cursors)
                for path in files
            ]
        yield ExportsStep(self._profile, steps)
        yield from steps

    def writer(self, settings: Mapping[str, Any]) -> FilesWriter:
        """Return what writes files for these books to be told by."""
        return written_files.writer(settings)

    def snapshot(self) -> None:
        """Return nothing: a file is read whole or not at all."""

    def control_totals(self) -> ControlTotals | None:
        """Return the totals of the control tables or of the list's totals rows.

        Raises:
            SourceError: They are declared, but cannot be read.
        """
        control = self._profile.control
        if control.aged_list is not None:
            table = control.aged_list
            return self._control(
                table,
                AgedListMapper,
                table.dated_on,
                with_credits=table.credits == "included",
            )
        if control.trial_balance is not None:
            return self._control(
                control.trial_balance,
                TrialBalanceMapper,
                control.trial_balance.dated_on,
            )
        listed = self._profile.open_items
        if listed is not None and listed.totals_row is not None:
            return self._control(listed, TotalsRowMapper, listed.dated_on)
        return None

    def home_control(self, on: date) -> None:
        """Return nothing: totals of files name their currency."""
        del on

    @property
    def _has_control(self) -> bool:
        listed = self._profile.open_items
        return any(True for _ in self._profile.controls()) or (
            listed is not None and listed.totals_row is not None
        )

    def _list_steps(
        self, table: OpenItems, cursors: Mapping[str, Position], *, full: bool
    ) -> Iterator[Step]:
        files = self._files(table)
        known = {} if full else cursors
        if table.dated_on is None:
            if len(files) > 1:
                raise SeveralFilesError(table, [path.name for path in files])
            yield FileStep(self._source, table, files[0], known)
            return
        dated = []
        for path in files:
            try:
                dated.append((_date_of(path, table.dated_on), path))
            except UndatedFileError as error:
                yield BrokenStep(table, error, path)
        # Reading all again does not live through the history of the lists once more.
        landed = [
            date.fromisoformat(position["dated_on"])
            for position in cursors.values()
            if position.get("done") and position.get("dated_on")
        ]
        for dated_on, path in sorted(dated):
            yield FileStep(
                self._source,
                table,
                path,
                known,
                dated_on=dated_on,
                landed_on=max(landed, default=None),
            )

    def _files(self, table: Table) -> list[Path]:
        path = self._source.path
        try:
            if path.is_file():
                return [path]
            found = [
                entry
                for entry in sorted(path.iterdir())
                if entry.is_file()
                and entry.suffix.lower() in SHEET_SUFFIXES | TEXT_SUFFIXES
                and not entry.name.startswith((".", "~$"))
                and matches(table.file, entry.name)
            ]
        except OSError as error:
            raise SourceError(
                f"The folder {path} cannot be read: {error.strerror}.",
                remedy="Check the path and its rights; `duebridge connect` sets it.",
            ) from error
        if not found:
            raise NoFileError(table, path)
        return found

    def _control(
        self,
        table: Table,
        mapper: type[AgedListMapper | TrialBalanceMapper | TotalsRowMapper],
        dated_on: str | None,
        *,
        with_credits: bool = True,
    ) -> ControlTotals:
        files = self._files(table)
        as_of = None
        if dated_on is not None:
            as_of, path = max((_date_of(path, dated_on), path) for path in files)
        elif len(files) > 1:
            raise SeveralFilesError(table, [path.name for path in files])
        else:
            path = files[0]
        source = TableFile(path, self._profile.format_of(table))
        setting = Setting(profile=self._profile, home=self._source.home)
        reader = mapper(table, source.header(), setting)  # type: ignore[arg-type] # each takes its own table
        lines: list[ControlLine] = []
        for chunk in source.chunks():
            lines += reader.lines(chunk)
        if not lines and not isinstance(table, AgedList):
            raise NoTotalsError(table, path.name)
        return ControlTotals(
            source=path.name,
            lines=tuple(lines),
            as_of=as_of,
            with_credits=with_credits,
            currencies=None
            if isinstance(reader, AgedListMapper)
            else frozenset(line.currency for line in lines),
        )


def _date_of(path: Path, format_: str) -> date:
    found = date_in_name(format_, path.stem)
    if found is None:
        raise UndatedFileError(path.name, format_)
    return found
