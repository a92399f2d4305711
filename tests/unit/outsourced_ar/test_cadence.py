"""Cadences: what may be written, and what is refused in which words."""

import re
from pathlib import Path

import pytest

from ledger.money import Currency
from ledger.reminders import Channel, Tone, Voice
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.assignment import read_assignment
from outsourced_ar.rules.cadence import packaged_cadences, packaged_text, read_cadence
from outsourced_ar.rules.policy import read_policy

HEAD = 'name = "own"\nversion = 1\ntitle = "Own"\n'


def a_step(
    name: str = "R1", at: str = 'after_due = "5 days"', tone: str = "courteous"
) -> str:
    """Write a step down."""
    return (
        f'[[step]]\nname = "{name}"\ntitle = "{name}"\n{at}\nchannel = "email"\n'
        f'tone = "{tone}"\ntemplate = "first"\n'
    )


def refused(text: str) -> str:
    """Return the words in which a text is refused."""
    with pytest.raises(RuleFileError) as caught:
        read_cadence(text, "The cadence own.toml")
    return caught.value.user_message


def test_the_standard_ladder() -> None:
    """The standard cadence goes from a courtesy before to a formal notice after."""
    standard = packaged_cadences()["standard"]

    assert [
        (step.name, str(step.offset), step.channel, step.tone)
        for step in standard.steps
    ] == [
        ("P1", "14 days before the due date", Channel.EMAIL, Tone.SERVICE),
        ("P2", "5 business days before the due date", Channel.EMAIL, Tone.FRIENDLY),
        ("D0", "on the due date", Channel.EMAIL, Tone.FRIENDLY),
        ("R1", "5 days after the due date", Channel.EMAIL, Tone.COURTEOUS),
        ("C1", "9 days after the due date", Channel.CALL, Tone.COURTEOUS),
        ("R2", "14 days after the due date", Channel.EMAIL, Tone.FIRM),
        ("R3", "24 days after the due date", Channel.LETTER, Tone.SERIOUS),
    ]
    assert standard.steps[0].when.amount_min
    assert standard.steps[-1].copy is Channel.EMAIL


@pytest.mark.parametrize("name", ["standard", "gentle", "strict", "reminders_only"])
def test_each_packaged_cadence_speaks_for_the_client(name: str) -> None:
    """Every packaged cadence is sound, bears its file's name, and is the client's."""
    cadence = packaged_cadences()[name]

    assert cadence.name == name
    assert {(step.voice, step.identity) for step in cadence.steps} == {
        (Voice.CLIENT, "client")
    }


def test_s14_the_reminder_service_alone_escalates_nothing() -> None:
    """Reminders only: no notice before, no letter, and no formal one."""
    steps = packaged_cadences()["reminders_only"].steps

    assert all(step.is_after_due for step in steps)
    assert {step.channel for step in steps} == {Channel.EMAIL}
    assert max(step.tone.level for step in steps) < Tone.SERIOUS.level


def test_a_packaged_cadence_can_be_copied_and_changed() -> None:
    """A client changes one line of a packaged text and has its own version."""
    text = packaged_text("standard").replace("version = 1", "version = 2")
    text = text.replace('after_due = "24 days"', 'after_due = "30 days"')
    own = read_cadence(text)
    packaged = packaged_cadences()["standard"]

    assert (own.version, own.steps[-1].offset.days) == (2, 30)
    assert own.steps[:-1] == packaged.steps[:-1]


def test_reading_twice_is_equal() -> None:
    """The same text is the same cadence, so that decisions can be made again."""
    text = packaged_text("strict")

    assert read_cadence(text) == read_cadence(text)


@pytest.mark.parametrize(
    "distance",
    ['"-3 days"', '"+3 days"', '"3"', "3", '"3 weeks"', '"three days"', '"9999 days"'],
)
def test_a_distance_cannot_be_mistaken(distance: str) -> None:
    """A distance with a sign, without a unit or out of reason is refused."""
    said = refused(HEAD + a_step(at=f"after_due = {distance}"))

    assert "The cadence own.toml" in said
    assert "step R1, after_due:" in said


@pytest.mark.parametrize(
    "at", ["", 'before_due = "3 days"\nafter_due = "3 days"', 'before_due = "0 days"']
)
def test_a_step_lies_on_one_side_of_the_due_date(at: str) -> None:
    """A step says either before_due or after_due, and the due date itself one way."""
    assert "step R1: " in refused(HEAD + a_step(at=at))


def test_the_tone_never_falls() -> None:
    """A ladder whose tone falls is refused, and both steps are named."""
    said = refused(
        HEAD
        + a_step("R1", tone="firm")
        + a_step("R2", 'after_due = "9 days"', tone="courteous")
    )

    assert "step R2 is courteous after step R1 was firm" in said


def test_steps_are_in_their_order() -> None:
    """Steps that are not written in the order in which they are taken are refused."""
    said = refused(HEAD + a_step("R1") + a_step("P1", 'before_due = "3 days"'))

    assert "step P1 lies before step R1" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('tune = "firm"', "step R1, tune: is not a setting that is known"),
        ('channel = "fax"', "not valid TOML"),
        ("[step.when.amount_min]\nEUR = 10.5", 'as "1000.00"'),
        ('[step.when.amount_min]\nEUR = "10.505"', "not an amount that EUR can have"),
        ('[step.when.amount_min]\nXXY = "10"', "not an ISO 4217 currency code"),
        ("minimum_gap_days = -1", "step R1, minimum_gap_days:"),
        ('fallback = ["email"]', "email is its own channel already"),
    ],
)
def test_a_slip_is_named(change: str, said: str) -> None:
    """What is misspelt or impossible is refused with its place."""
    assert said in refused(HEAD + a_step() + change + "\n")


def test_two_steps_of_one_name_are_refused() -> None:
    """A step is known by its name for ever, so that no two may share one."""
    assert "more than one step is called R1" in refused(HEAD + a_step() + a_step())


def test_the_agency_may_be_written_down() -> None:
    """A step in the agency's voice can be read; not whether it is said."""
    cadence = read_cadence(HEAD + a_step() + 'voice = "agency"\nidentity = "agency"\n')

    assert cadence.steps[0].voice is Voice.AGENCY


def test_a_bound_holds_in_its_own_currency_only() -> None:
    """A least amount of 100 EUR or 20,000 JPY is met by no dollar amount."""
    text = a_step() + '[step.when.amount_min]\nEUR = "100"\nJPY = "20000"\n'
    when = read_cadence(HEAD + text).steps[0].when

    def met(currency: str, minor: int) -> bool:
        return when.met_by_item(Currency(currency), minor, overdue_days=9)

    assert met("EUR", 10_000)
    assert not met("EUR", 9_999)
    assert met("JPY", 20_000)
    assert not met("JPY", 19_999)
    assert not met("USD", 1_000_000)


@pytest.mark.parametrize(
    ("asks", "tags", "segment", "is_met"),
    [
        ('tags = ["vip"]', {"vip", "a"}, "default", True),
        ('tags = ["vip"]', {"a"}, "default", False),
        ('without_tags = ["vip"]', {"vip"}, "default", False),
        ('segments = ["late"]', set(), "late", True),
        ('segments = ["late"]', set(), "prompt", False),
    ],
)
def test_what_a_step_asks_of_debtors(
    asks: str, tags: set[str], segment: str, *, is_met: bool
) -> None:
    """Tags and segments open and close a step."""
    when = read_cadence(HEAD + a_step() + f"[step.when]\n{asks}\n").steps[0].when

    assert when.met_by_debtor(segment, frozenset(tags)) is is_met


@pytest.mark.parametrize(
    ("days", "is_met"), [(29, False), (30, True), (60, True), (61, False)]
)
def test_age_is_in_days_overdue(days: int, *, is_met: bool) -> None:
    """Bounds on the age count both of their ends."""
    asks = "[step.when]\noverdue_min_days = 30\noverdue_max_days = 60\n"
    when = read_cadence(HEAD + a_step() + asks).steps[0].when

    assert when.met_by_item(Currency("EUR"), 1, overdue_days=days) is is_met


def test_the_files_shown_can_be_read() -> None:
    """The three files on the page about cadences are valid, every setting of them."""
    page = Path(__file__).parents[3] / "docs/cadences.md"
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)

    assert len(shown) == 3
    assert [step.name for step in read_cadence(shown[0]).steps] == ["P", "R", "N"]
    assert read_assignment(shown[1]).cadences == ("gentle", "standard")
    assert read_policy(shown[2]).override[0].closed is True
