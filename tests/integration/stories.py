"""Random books: what an accounting system might say, landing after landing.

A story is drawn by hypothesis as plain values, so that the same one can be told to
several ledgers. Everything happens between 2025 and 2027 and amounts are small, so that
coincidences (same day, same amount, same number) are common.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from hypothesis.vendor.pretty import RepresentationPrinter
from msgspec import structs

from ledger.calendar import Month, Terms
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import (
    Claim,
    Debtor,
    Document,
    DocumentKind,
    DocumentRef,
    DueRule,
    Instalment,
)
from ledger.store.session import Database
from ledger.testing import Books, a_debtor

AMPLE_MINOR = 200_000
"""More than all the claims of a story can use of one credit."""
BEGIN = date(2025, 1, 1)
BUSINESS_BEGIN = date(2026, 1, 15)
"""Most of what is drawn is dated before, some after."""
CURRENCIES = tuple(Currency(code) for code in ("EUR", "JPY", "USD"))
DEBTORS = ("D1", "D2", "D3")
KINDS = (
    *(DocumentKind.INVOICE,) * 5,
    *(DocumentKind.PAYMENT,) * 3,
    *DocumentKind,
)
DEBITS = tuple(kind for kind in DocumentKind if kind.side == "debit")
Key = tuple[DocumentKind, SourceId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a story may hold.

    Attributes:
        claims: Payments and credits are applied by claims.
        lists: Documents may come from open-item lists, with what is open.
        absence: Complete lists close, void and take back what they don't name.
        changes: Documents and claims may change from landing to landing.
        returns: What was void or taken back may stand again later.
        overused: Credits may be applied beyond their amount.
    """

    instalments: bool = True
    claims: bool = True
    lists: bool = True
    absence: bool = True
    changes: bool = True
    returns: bool = True
    overused: bool = True
    landings_max: int = 5


ANYTHING = Setting()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Records that land together, the claims that waited being tried again after."""

    on: date
    documents: tuple[Document, ...] = ()
    claims: tuple[Claim, ...] = ()
    debtors: tuple[Debtor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A complete open-item list names these and no others."""

    on: date
    named: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiding:
    """Complete exports name these documents and no others."""

    on: date
    named: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaiming:
    """Complete exports make these claims and no others."""

    on: date
    named: tuple[Claim, ...]


Event = Page | Closing | Voiding | Unclaiming


@dataclass(frozen=True, slots=True, repr=False)
class Story:
    """Landings in order, and the last word of the books on everything.

    Attributes:
        documents: Each document as the books said it last, void or not.
        claims: Each claim the books still make.
    """

    events: tuple[Event, ...]
    documents: tuple[Document, ...] = ()
    claims: tuple[Claim, ...] = ()

    def __repr__(self) -> str:
        """Return the landings a line a record, to be read by people."""
        lines = ["Story:"]
        for number, event in enumerate(self.events, 1):
            lines.append(f"{number}. {type(event).__name__} on {event.on}")
            lines += [f"    {_shown(record)}" for record in _records(event)]
        return "\n".join(lines)

    def _repr_pretty_(self, printer: RepresentationPrinter, _: object) -> None:
        """Let hypothesis show a failing story the same way."""
        printer.text(repr(self))


def _records(event: Event) -> Sequence[Debtor | Document | Claim]:
    if isinstance(event, Page):
        return (*event.debtors, *event.documents, *event.claims)
    return event.named


def _shown(record: Debtor | Document | Claim) -> str:
    """Return a record without what it does not say."""
    said = [
        f"{name}={value}"
        for name, value in structs.asdict(record).items()
        if value not in {None, (), True, DueRule.GIVEN}
    ]
    return f"{type(record).__name__} {' '.join(said)}"


def tell(event: Event, books: Books) -> None:
    """Land one event."""
    match event:
        case Page():
            books.land(
                *event.documents,
                claims=event.claims,
                debtors=event.debtors,
                on=event.on,
            )
            books.retry_parked()
        case Closing():
            books.close_all_but(*event.named, on=event.on)
        case Voiding():
            books.void_all_but(*event.named, on=event.on)
        case Unclaiming():
            books.unclaim_all_but(*event.named, on=event.on)


def told(story: Story, database: Database) -> Books:
    """Land a whole story in new books."""
    books = Books.open(database)
    for event in story.events:
        tell(event, books)
    return books


def days(begin_on: date = BEGIN, most: int = 540) -> st.SearchStrategy[date]:
    """Draw a day, month ends more often than others."""

    def month_end(offset: int) -> date:
        return Month.of(begin_on + timedelta(days=offset)).last_on

    offsets = st.integers(0, most)
    return st.one_of(
        offsets.map(lambda offset: begin_on + timedelta(days=offset)),
        offsets.map(month_end),
    )


def minors(least: int = 1) -> st.SearchStrategy[int]:
    """Draw an amount in minor units."""
    return st.integers(least, 2_000)


@dataclass(slots=True)
class _World:
    """What the books hold while a story is drawn."""

    setting: Setting
    currencies: tuple[Currency, ...]
    documents: dict[Key, Document] = field(default_factory=dict)
    claims: dict[SourceId, Claim] = field(default_factory=dict)
    coming: list[Document] = field(default_factory=list)
    gone: dict[SourceId, Claim] = field(default_factory=dict)


@st.composite
def stories(draw: DrawFn, setting: Setting = ANYTHING) -> Story:
    """Draw a story."""
    count = draw(st.integers(1, len(CURRENCIES)))
    world = _World(setting, CURRENCIES[:count])
    on = BUSINESS_BEGIN
    debtors = tuple(_a_debtor(draw, number) for number in DEBTORS)
    first = replace(_a_page(draw, world, on), debtors=debtors)
    events: list[Event] = [first]
    for _ in range(draw(st.integers(1, setting.landings_max))):
        on += timedelta(days=draw(st.integers(0, 45)))
        events.append(_an_event(draw, world, on))
    if world.coming:
        page = Page(on=on, documents=tuple(world.coming))
        world.documents |= {(one.kind, one.source_id): one for one in world.coming}
        events.append(page)
    return Story(
        tuple(events), tuple(world.documents.values()), tuple(world.claims.values())
    )


def _an_event(draw: DrawFn, world: _World, on: date) -> Event:
    sort = draw(st.sampled_from(("page", "page", "page", "close", "void", "unclaim")))
    if sort == "page" or not world.setting.absence:
        return _a_page(draw, world, on)
    if sort == "close" and world.setting.lists:
        kept = [
            one
            for one in world.documents.values()
            if draw(st.integers(0, 3)) or not _may_be_listed(world, one)
        ]
        return Closing(on=on, named=tuple(kept))
    if sort == "unclaim" and world.setting.claims:
        named = [one for one in world.claims.values() if draw(st.booleans())]
        standing = {one.source_id: one for one in named}
        world.gone |= world.claims
        world.claims = standing
        return Unclaiming(on=on, named=tuple(named))
    kept = []
    for key, one in list(world.documents.items()):
        if one.voided_on is not None or draw(st.integers(0, 3)):
            kept.append(one)
        else:
            voided_on = max(on, one.issued_on)
            world.documents[key] = structs.replace(one, voided_on=voided_on)
    return Voiding(on=on, named=tuple(kept))


def _a_page(draw: DrawFn, world: _World, on: date) -> Page:
    known = list(world.documents.values())
    again = [one for one in known if draw(st.booleans())]
    page = again
    if world.setting.changes:
        page = [_changed(draw, world, one) for one in again]
    for _ in range(draw(st.integers(0, 3)) if known else draw(st.integers(3, 7))):
        one = _a_document(draw, world)
        taken = world.documents.keys() | {
            (other.kind, other.source_id) for other in (*page, *world.coming)
        }
        if (one.kind, one.source_id) in taken:
            continue
        if draw(st.integers(0, 4)):
            page.append(one)
        else:
            world.coming.append(one)
    arrives: bool = draw(st.booleans())
    if world.coming and arrives:
        page.append(world.coming.pop(0))
    world.documents |= {(one.kind, one.source_id): one for one in page}
    claims = _claims(draw, world) if world.setting.claims else ()
    debtors: tuple[Debtor, ...] = ()
    if world.setting.changes and not draw(st.integers(0, 5)):
        debtors = (_a_debtor(draw, draw(st.sampled_from(DEBTORS))),)
    return Page(on=on, documents=tuple(page), claims=claims, debtors=debtors)


def _a_debtor(draw: DrawFn, number: str) -> Debtor:
    terms = draw(
        st.one_of(
            st.none(), st.builds(Terms, st.sampled_from((0, 14, 30)), st.booleans())
        )
    )
    return structs.replace(a_debtor(number), terms=terms)


def _a_document(draw: DrawFn, world: _World) -> Document:
    kind = draw(st.sampled_from(KINDS))
    issued_on = draw(days())
    number = SourceId(str(draw(st.integers(1, 12))))
    total = _total(draw, world, kind)
    one = Document(
        kind=kind,
        source_id=number,
        number=f"N{number}",
        debtor=SourceId(draw(st.sampled_from(DEBTORS))),
        currency=draw(st.sampled_from(world.currencies)),
        total_minor=total,
        issued_on=issued_on,
        due_on=_due_on(draw, issued_on),
    )
    if world.setting.instalments and kind in DEBITS and not draw(st.integers(0, 3)):
        return _split(draw, one)
    return _listed(draw, world, one)


def _total(draw: DrawFn, world: _World, kind: DocumentKind) -> int:
    least = 0 if world.setting.overused or kind in DEBITS else AMPLE_MINOR
    return least + draw(minors(0))


def _may_be_listed(world: _World, one: Document) -> bool:
    return world.setting.overused or one.kind in DEBITS


def _due_on(draw: DrawFn, issued_on: date) -> date | None:
    after = draw(st.one_of(st.none(), st.integers(-5, 120)))
    return None if after is None else issued_on + timedelta(days=after)


def _split(draw: DrawFn, one: Document) -> Document:
    amounts = draw(st.lists(minors(), min_size=2, max_size=3))
    due_on, parts = one.issued_on, []
    for amount in amounts:
        due_on += timedelta(days=draw(st.integers(0, 60)))
        parts.append(Instalment(due_on, amount))
    return structs.replace(
        one,
        instalments=tuple(parts),
        due_on=parts[0].due_on,
        due_rule=DueRule.GIVEN,
        total_minor=sum(amounts),
    )


def _listed(draw: DrawFn, world: _World, one: Document) -> Document:
    """Let an open-item list say what is open of a document, and what is disputed."""
    disputed = draw(st.one_of(st.none(), st.none(), minors(0)))
    one = structs.replace(one, disputed_minor=disputed, open_minor=None)
    listed = world.setting.lists and _may_be_listed(world, one)
    if not listed or one.instalments or draw(st.integers(0, 2)):
        return structs.replace(one, total_known=True)
    if draw(st.booleans()):
        return structs.replace(one, open_minor=one.total_minor, total_known=False)
    open_minor = draw(st.integers(0, one.total_minor))
    return structs.replace(one, open_minor=open_minor, total_known=True)


def _changed(draw: DrawFn, world: _World, one: Document) -> Document:
    if one.voided_on is not None:
        if world.setting.returns and draw(st.booleans()):
            return structs.replace(one, voided_on=None)
        return one
    change = draw(st.sampled_from((*_CHANGES, None)))
    return one if change is None else change(draw, world, one)


def _another_total(draw: DrawFn, world: _World, one: Document) -> Document:
    if one.instalments:
        return one
    total = _total(draw, world, one.kind)
    return structs.replace(one, total_minor=total, open_minor=None)


def _another_date(draw: DrawFn, _: _World, one: Document) -> Document:
    return structs.replace(one, issued_on=draw(days()))


def _another_due_date(draw: DrawFn, _: _World, one: Document) -> Document:
    if one.instalments:
        return one
    return structs.replace(one, due_on=_due_on(draw, one.issued_on))


def _another_debtor(draw: DrawFn, _: _World, one: Document) -> Document:
    return structs.replace(one, debtor=SourceId(draw(st.sampled_from(DEBTORS))))


def _void(draw: DrawFn, _: _World, one: Document) -> Document:
    voided_on = one.issued_on + timedelta(days=draw(st.integers(0, 200)))
    return structs.replace(one, voided_on=voided_on, open_minor=None)


def _another_note(draw: DrawFn, _: _World, one: Document) -> Document:
    reference = draw(st.sampled_from((None, "PO 1")))
    return structs.replace(one, reference=reference, rate=Decimal("1.1"))


_CHANGES = (
    _another_total,
    _another_date,
    _another_due_date,
    _another_debtor,
    _void,
    _another_note,
    _listed,
)


def _claims(draw: DrawFn, world: _World) -> tuple[Claim, ...]:
    every = [*world.documents.values(), *world.coming]
    debits = [one for one in every if one.kind in DEBITS]
    credits_ = [one for one in every if one.kind not in DEBITS]
    page: dict[SourceId, Claim] = {}
    for one in world.claims.values():
        again = draw(st.integers(0, 3))
        if again == 0:
            page[one.source_id] = one
        elif again == 1 and world.setting.changes:
            page[one.source_id] = _changed_claim(draw, one)
    if debits and credits_:
        for _ in range(draw(st.integers(1, 4))):
            debit = draw(st.sampled_from(debits))
            credit = draw(st.sampled_from(credits_))
            claim = _a_claim(draw, debit, credit, draw(st.integers(1, 2)))
            if claim.source_id not in world.claims.keys() | world.gone.keys():
                page[claim.source_id] = claim
    if world.setting.returns:
        gone = [one for key, one in world.gone.items() if key not in world.claims]
        page |= {one.source_id: one for one in gone if draw(st.booleans())}
    world.claims |= page
    return tuple(page.values())


def _a_claim(draw: DrawFn, debit: Document, credit: Document, place: int) -> Claim:
    amount = draw(
        st.one_of(
            st.just(max(1, debit.total_minor)),
            st.just(max(1, min(debit.total_minor, credit.total_minor))),
            minors(),
        )
    )
    crossing = debit.currency != credit.currency
    return Claim(
        source_id=SourceId(
            f"{credit.kind}{credit.source_id}>{debit.kind}{debit.source_id}#{place}"
        ),
        debit=DocumentRef(debit.kind, debit.source_id),
        credit=DocumentRef(credit.kind, credit.source_id),
        currency=debit.currency,
        amount_minor=amount,
        effective_on=draw(days()),
        credit_minor=draw(minors()) if crossing else None,
    )


def _changed_claim(draw: DrawFn, one: Claim) -> Claim:
    if draw(st.booleans()):
        return structs.replace(one, effective_on=draw(days()))
    minor = draw(minors())
    credit = None if one.credit_minor is None else draw(minors())
    return structs.replace(one, amount_minor=minor, credit_minor=credit)


def last_word(story: Story) -> Sequence[Document]:
    """Return the documents that stand after all."""
    return [one for one in story.documents if one.voided_on is None]


def dates_asked() -> st.SearchStrategy[date]:
    """Draw a date to ask about: any in the story, before it or long after."""
    return st.one_of(days(), st.sampled_from((date(2024, 12, 31), date(2027, 6, 30))))
