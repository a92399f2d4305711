"""`duebridge release`, `pause`, `resume`: what the client lets the product say."""

from datetime import datetime
from typing import Annotated

import typer

from app.cli.context import TenantSlug, opened
from ledger.errors import RequestError
from ledger.reminders import Mandate, MessageId, Mode
from ledger.store import mandates, messages
from ledger.store.session import Session
from outsourced_ar.deciding.mandating import withdraw_unreleased

NONE = "-"
WORDS = {
    Mode.CLOSED: "nothing was released",
    Mode.OBSERVE: "decides and never sends",
    Mode.APPROVE: "sends what a person releases each night",
    Mode.AUTOMATIC: "sends what the gate allows",
}
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]


class NothingReleasedError(RequestError):
    """The client has not released anything yet."""

    def __init__(self, slug: str) -> None:
        """Name the tenant."""
        super().__init__(
            f"{slug} has released nothing yet, so nothing is sent.",
            remedy=f"`duebridge release {slug} --mode approve --by NAME` begins; say "
            "--debtors-are-businesses if they all are.",
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("release")(release_command)
    app.command("pause")(pause_command)
    app.command("resume")(resume_command)


def release_command(
    context: typer.Context,
    tenant: TenantSlug,
    message: Annotated[
        list[int] | None, typer.Argument(help="Messages by number; default: all.")
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(help="From now on: observe, approve or automatic."),
    ] = None,
    debtors_are_businesses: Annotated[
        bool | None,
        typer.Option(
            "--debtors-are-businesses/--debtors-may-be-persons",
            help="Declare that every debtor is a business.",
        ),
    ] = None,
    fallback: Annotated[
        list[str] | None,
        typer.Option(
            help="COUNTRY=LANGUAGE, where the right language is missing; PT=- takes it "
            "away."
        ),
    ] = None,
    by: ByOption = "",
) -> None:
    """Let messages go: with --mode from now on, else those that wait for it."""
    declares = mode is not None or debtors_are_businesses is not None or fallback
    if declares and not by:
        raise RequestError(
            "A mandate is kept with the name of who gave it.", remedy="Add --by NAME."
        )
    if declares and message:
        raise RequestError(
            "Messages are named, and so is what counts from now on.",
            remedy="Do one after the other.",
        )
    if mode is Mode.CLOSED:
        raise RequestError(
            "Nothing can be closed again that was released.",
            remedy="`duebridge pause` stops everything; --mode observe only decides.",
        )
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            last = (
                mandates.load_to_change(session)
                if declares
                else mandates.load_last(session)
            )
            if declares:
                before = last
                last = mandates.give(
                    session,
                    mode=mode or (last.mode if last else Mode.OBSERVE),
                    given_by=by,
                    given_at=product.clock.now(),
                    debtors_are_businesses=_kept(
                        debtors_are_businesses, last, "debtors_are_businesses"
                    ),
                    is_paused=last.is_paused if last else False,
                    fallbacks=_fallbacks(last, fallback),
                )
                count = withdraw_unreleased(session, before, last, last.given_at)
                said = [f"{owner.slug}: from now on it {WORDS[last.mode]}."]
                if count:
                    said.append(f"{count} messages that nobody released are withdrawn.")
            else:
                at = product.clock.now()
                went = _let_go(session, owner.slug, last, message or [], by=by, at=at)
                said = [f"{len(went)} messages released."]
    # Said once it is kept: a reader who goes away early undoes nothing.
    for line in said:
        typer.echo(line)
    _say_paused(owner.slug, last)


def _let_go(
    session: Session,
    slug: str,
    last: Mandate | None,
    numbers: list[int],
    *,
    by: str,
    at: datetime,
) -> list[MessageId]:
    """Release what waits: all of it, or the messages that are named, together.

    Raises:
        RequestError: Nothing may go, or a message named does not wait; none went then.
    """
    if last is None or last.mode is Mode.CLOSED:
        raise NothingReleasedError(slug)
    if last.mode is Mode.OBSERVE:
        raise RequestError(
            f"{slug} only observes, so nothing is released.",
            remedy="Give --mode approve first.",
        )
    chosen = [MessageId(one) for one in numbers] or None
    went = messages.release(session, chosen, by=by or "command line", at=at)
    missing = sorted(set(numbers) - set(went))
    if missing:
        raise RequestError(
            f"These do not wait for release: {', '.join(map(str, missing))}; nothing "
            "was released.",
            remedy=f"`duebridge messages {slug}` shows the state of each.",
        )
    return went


def pause_command(
    context: typer.Context,
    tenant: TenantSlug,
    by: Annotated[str, typer.Option("--by", help="Who says so.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Stop everything that is said in a tenant's name, until it resumes."""
    _set_pause(context, tenant, by=by, note=note, is_paused=True)


def resume_command(
    context: typer.Context,
    tenant: TenantSlug,
    by: Annotated[str, typer.Option("--by", help="Who says so.")],
) -> None:
    """Let a paused tenant speak again."""
    _set_pause(context, tenant, by=by, note="", is_paused=False)


def _set_pause(
    context: typer.Context, tenant: str, *, by: str, note: str, is_paused: bool
) -> None:
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            last = _given(session, owner.slug)
            mandates.give(
                session,
                mode=last.mode,
                given_by=by,
                given_at=product.clock.now(),
                debtors_are_businesses=last.debtors_are_businesses,
                is_paused=is_paused,
                fallbacks=last.fallbacks,
                note=note,
            )
    typer.echo(f"{owner.slug} is {'paused' if is_paused else 'speaking again'}.")


def _given(session: Session, slug: str) -> Mandate:
    last = mandates.load_to_change(session)
    if last is None:
        raise NothingReleasedError(slug)
    return last


def _kept(said: bool | None, last: Mandate | None, name: str) -> bool:  # noqa: FBT001 - what an option holds
    if said is not None:
        return said
    return False if last is None else bool(getattr(last, name))


def _say_paused(slug: str, last: Mandate | None) -> None:
    """Say that nothing goes for the time being, where the client has paused it."""
    if last is not None and last.is_paused:
        typer.echo(
            f"{slug} is paused: nothing goes until `duebridge resume {slug} --by NAME`."
        )


def _fallbacks(last: Mandate | None, given: list[str] | None) -> dict[str, str]:
    """Return what holds from now on: what did, and what is given; - takes one away.

    Raises:
        RequestError: A pair is none, takes away what is not there, or names no country
            or a language in which nothing is written.
    """
    fallbacks = dict(last.fallbacks if last else {})
    if not given:
        return fallbacks
    # The texts load slowly, and few commands need them.
    from outsourced_ar.known.days import expect_country  # noqa: PLC0415
    from outsourced_ar.wording.texts import languages  # noqa: PLC0415

    for country, language in _pairs(given).items():
        if language == NONE:
            if fallbacks.pop(country, None) is None:
                raise RequestError(
                    f"No language is named for {country}.",
                    remedy="Leave it out; it is as it should be.",
                )
        elif language in languages():
            fallbacks[expect_country(country)] = language
        else:
            raise RequestError(
                f"There are no texts in {language!r}.",
                remedy=f"Name one of {', '.join(languages())}.",
            )
    return fallbacks


def _pairs(given: list[str]) -> dict[str, str]:
    found = {}
    for pair in given:
        country, _, language = pair.partition("=")
        if len(country) != 2 or not language:  # noqa: PLR2004 - ISO 3166
            raise RequestError(
                f"{pair!r} names no country and language.",
                remedy="Write PT=es, or PT=- to take it away.",
            )
        found[country.upper()] = language.lower()
    return found
