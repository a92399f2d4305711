"""What of Debitura's answers is read, and what it is sent, with the vendor's own names.

Unknown fields are left out, so that an addition of the vendor breaks nothing. The names
are those of the models of the package `debitura-debt-collection` 1.0.0.
"""

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct


class Link(Struct, rename="camel", kw_only=True):
    """Where a person signs all that is to be signed."""

    combined_signing_url: str | None = None


class Wants(Struct, rename="camel", kw_only=True):
    """Whether the client must supply something."""

    needs_info: bool | None = None


class Partner(Struct, rename="camel", kw_only=True):
    """The collection company that works on a case."""

    name: str | None = None


class Case(Struct, rename="camel", kw_only=True):
    """A case; the vendor calls it an invoice, too."""

    id: str
    reference: str | None = None
    creditor_reference: str | None = None
    creditor_comments: str | None = None
    currency: str | None = None
    gross_amount: Decimal | None = None
    remainder: Decimal | None = None
    collection_fees: Decimal | None = None
    pre_legal_success_fee: Decimal | None = None
    lifecycle: str | None = None
    close_code: str | None = None
    dispute_status: str | None = None
    date_created: str | None = None
    date_updated: str | None = None
    date_collection_started: str | None = None
    date_finished: str | None = None
    solution_url: str | None = None
    signing_handoff: Link | None = None
    validation: Wants | None = None
    collection_partner: Partner | None = None

    @property
    def link(self) -> str:
        """Where the client signs, or an empty string."""
        combined = self.signing_handoff and self.signing_handoff.combined_signing_url
        return combined or self.solution_url or ""


class PaidCase(Struct, rename="camel", kw_only=True):
    """The case of a payment."""

    invoice_id: str | None = None
    reference: str | None = None


class Payment(Struct, rename="camel", kw_only=True):
    """Money that came in on a case, with whoever got it."""

    id: str
    gross_amount: Decimal
    date: str
    recipient: str | None
    currency: str | None
    method: str | None = None
    date_updated: str | None = None
    invoice: PaidCase | None = None


class Chat(Struct, rename="camel", kw_only=True):
    """A message in a case's chat."""

    id: str
    message: str | None = None
    role: int | None = None
    role_label: str | None = None
    date_created: str | None = None


class File(Struct, rename="camel", kw_only=True):
    """A file of a case."""

    id: str | None = None
    file_name: str | None = None
    description: str | None = None
    document_type: str | None = None


class Timeline(Struct, rename="camel", kw_only=True):
    """Which phase a case is in; its single events are not read."""

    current_engagement_phase: str | None = None


class Missing(Struct, rename="camel", kw_only=True):
    """Something the client must supply."""

    resolution_area: str | None = None
    description: str | None = None


class Validation(Struct, rename="camel", kw_only=True):
    """All that the client must supply."""

    needs_info: bool | None = None
    items: list[Missing] | None = None


class BusinessError(Struct, rename="camel", kw_only=True):
    """A rule of the vendor that was not met."""

    type: str | None = None
    message: str | None = None
    solution_url: str | None = None


class BusinessErrors(Struct, rename="camel", kw_only=True):
    """Why something was refused."""

    business_errors: list[BusinessError] | None = None
    signing_handoff: Link | None = None
    error: str | None = None
    message: str | None = None


class Contract(Struct, rename="camel", kw_only=True):
    """Whether a contract is signed."""

    signed: bool | None = None
    requires_resigning: bool | None = None
    solution_url: str | None = None


class ContractStatus(Struct, rename="camel", kw_only=True):
    """Which contracts of a case are signed."""

    sdca: Contract | None = None
    poa: Contract | None = None
    needs_poa_signing: bool | None = None

    @property
    def link(self) -> str:
        """Where the first that is missing can be signed, or an empty string."""
        found = [one.solution_url for one in (self.sdca, self.poa) if one]
        return next((one for one in found if one), "")


class RequiredAction(Struct, rename="camel", kw_only=True):
    """What must be done before a case is taken."""

    type: str | None = None
    message: str | None = None
    solution_url: str | None = None
    is_blocking: bool | None = None


class Assignment(Struct, rename="camel", kw_only=True):
    """Who would get a case."""

    partner_name: str | None = None
    partner_country: str | None = None


class Pricing(Struct, rename="camel", kw_only=True):
    """What a case would cost."""

    base_success_fee_percentage: Decimal | None = None
    age_surcharge_percentage: Decimal | None = None
    total_success_fee_percentage: Decimal | None = None
    pricing_source: str | None = None


class PreviewResult(Struct, rename="camel", kw_only=True):
    """What would become of a case."""

    is_eligible: bool | None = None
    ineligibility_reason: str | None = None
    partner_assignment: Assignment | None = None
    required_actions: list[RequiredAction] | None = None
    pricing_preview: Pricing | None = None
    signing_handoff: Link | None = None


class PreviewAnswer(Struct, rename="camel", kw_only=True):
    """The envelope of a preview."""

    result: PreviewResult | None = None


class PageData(Struct, rename="camel", kw_only=True):
    """Where a page stands in its list."""

    total_results: int | None = None
    current_page: int | None = None


class CasePage(Struct, rename="camel", kw_only=True):
    """A page of cases, each not read yet."""

    page: PageData
    cases: list[msgspec.Raw] | None = None


class Event(Struct, rename="camel", kw_only=True):
    """An event of the vendor's log: what was, or is to be, delivered."""

    id: str
    subscription_id: str | None = None
    case_id: str | None = None
    event_type: str | None = None
    payload: str | None = None
    created_at: str | None = None
    delivered_at: str | None = None
    attempt_count: int | None = None


class Heard(Struct, rename="camel", kw_only=True):
    """The envelope of an event as it is delivered."""

    id: str
    event: str
    timestamp: str | None = None
    data: dict[str, Any] = {}


class Me(Struct, rename="camel", kw_only=True):
    """Whose key it is."""

    id: str | None = None
    company_name: str | None = None


class User(Struct, rename="camel", kw_only=True):
    """Somebody of the client's team there."""

    id: str | None = None
    name: str | None = None
    email: str | None = None


class UserPage(Struct, rename="camel", kw_only=True):
    """A page of the team."""

    page: PageData
    users: list[User] | None = None
