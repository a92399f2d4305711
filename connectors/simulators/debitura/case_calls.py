"""The addresses of cases: making, listing and showing them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from connectors.simulators.debitura import attachments, checks, forms, model, shapes
from connectors.simulators.debitura.desk import Desk
from connectors.simulators.debitura.model import SimCase
from connectors.simulators.debitura.replies import (
    Fields,
    RefusedError,
    business,
    invalid,
    not_found,
    ok,
)
from connectors.simulators.replies import Request, Response

PAGE_SIZE, PAGE_SIZE_MAX = 10, 100
SORTS: Final[dict[str, Callable[[SimCase], Any]]] = {
    "datecreated": lambda one: one.at,
    "dateupdated": lambda one: one.changed_at,
}


class CaseCalls:
    """Answers calls about cases."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def answer(self, request: Request, rest: list[str]) -> Response:
        """Answer a call; `rest` is what follows `cases` in its address."""
        desk = self.desk
        match [request.method, *rest]:
            case ["GET"]:
                shown = [self._json_of(one) for one in self._sorted(request)]
                return ok(listed(request, "cases", shown))
            case ["POST", "preview"]:
                return self._preview(forms.fields(request))
            case ["GET", "by-creditor-reference", reference]:
                found = desk.with_reference(reference)
                return self._shown(found[0] if found else None)
            case ["GET", "case-reference", reference]:
                with_it = [x for x in desk.cases.values() if x.reference == reference]
                return self._shown(with_it[0] if with_it else None)
            case [_, key, *names]:
                return self._of_case(request, self.case(key), names)
            case _:
                return not_found("Resource")

    def case(self, key: str) -> SimCase:
        """Return a case; whoever asks for one that is not there is told so."""
        case = self.desk.cases.get(key)
        if case is None:
            raise RefusedError(not_found("Case"))
        return case

    def create(self, request: Request) -> Response:
        """Make a case, if its fields are right and the vendor's rules are met."""
        asked = forms.fields(request)
        desk = self.desk
        with desk.lock:
            errors = checks.of_case(asked, desk.clock.today)
            if errors:
                return invalid(errors)
            refused = self._refused(asked)
            if refused:
                return business(refused, signing_url=desk.sign_url())
            return self._shown(desk.open(asked))

    def _refused(self, asked: Fields) -> list[Fields]:
        desk = self.desk
        found: list[tuple[str, str, str | None]] = []
        reference = asked.get("creditorReference") or ""
        if desk.refuses_duplicates and desk.with_reference(reference):
            found.append(("DuplicateCreditorReference", f"{reference} exists.", None))
        if asked["debtor"]["countryAlpha2"].upper() not in desk.covered:
            words = "No collection partner available for this jurisdiction"
            found.append(("NoPartnerAvailable", words, None))
        if not asked.get("allowPendingContracts"):
            found += [
                (kind, "It is not signed.", desk.sign_url())
                for kind, is_signed in (
                    ("MissingDebtCollectionContract", desk.has_contract),
                    ("MissingPowerOfAttorney", desk.has_poa),
                )
                if not is_signed
            ]
        return [
            {"type": kind, "message": words, "solutionUrl": url}
            for kind, words, url in found
        ]

    def _preview(self, asked: Fields) -> Response:
        errors = checks.of_claim(asked)
        if errors:
            return invalid(errors)
        desk = self.desk
        country = asked["debtor"]["countryAlpha2"].upper()
        is_eligible = country in desk.covered
        url = desk.sign_url()
        actions = [
            {"type": kind, "message": words, "solutionUrl": url, "isBlocking": True}
            for kind, words, is_signed in (
                (
                    "MissingDebtCollectionContract",
                    "Sign the collection agreement.",
                    desk.has_contract,
                ),
                ("MissingPowerOfAttorney", "Sign the power of attorney.", desk.has_poa),
            )
            if not is_signed
        ]
        partner = {
            "collectionPartnerId": "partner-1",
            "partnerName": shapes.PARTNER,
            "partnerCountry": country,
        }
        pricing = {
            "baseSuccessFeePercentage": Decimal("12.5"),
            "ageSurchargePercentage": Decimal(8),
            "totalSuccessFeePercentage": shapes.SUCCESS_FEE,
            "currencyCode": asked["currencyCode"],
            "pricingSource": "Standard agreement",
            "pricingSourceDescription": "20.5% success fee",
        }
        result = {
            "isEligible": is_eligible,
            "ineligibilityReason": None
            if is_eligible
            else "We don't have a partner in the provided jurisdiction.",
            "partnerAssignment": partner if is_eligible else None,
            "requiredActions": actions,
            "jurisdiction": {"id": 1, "name": country, "countryAlpha2": country},
            "pricingPreview": pricing if is_eligible else None,
            "requiresKycVerification": False,
            "hasKycOnFile": False,
            "signingHandoff": {"combinedSigningUrl": url} if url else None,
        }
        return ok({"result": result})

    def _sorted(self, request: Request) -> list[SimCase]:
        cases = list(self.desk.cases.values())
        name, _, direction = request.query.get("Sort", "").lower().partition(":")
        if name in SORTS:
            cases.sort(key=SORTS[name], reverse=direction == "desc")
        return cases

    def _of_case(self, request: Request, case: SimCase, names: list[str]) -> Response:
        match [request.method, *names]:
            case ["GET"]:
                return self._shown(case)
            case ["POST", "files"]:
                return attachments.upload(self.desk, case, request)
            case ["POST", "chats"]:
                return attachments.chat(self.desk, case, request)
            case ["GET", name] if name in self._parts:
                return ok(self._parts[name](case))
            case _:
                return not_found("Resource")

    @property
    def _parts(self) -> dict[str, Callable[[SimCase], object]]:
        """What can be read of a case, by its address."""
        return {
            "payments": shapes.payments_json,
            "files": shapes.files_json,
            "chats": shapes.chats_json,
            "timeline": shapes.timeline_json,
            "validation": shapes.validation_json,
            "contract-status": self._contract_status,
        }

    def _shown(self, case: SimCase | None) -> Response:
        return not_found("Case") if case is None else ok(self._json_of(case))

    def _json_of(self, case: SimCase) -> Fields:
        waits = case.lifecycle == model.SIGNING
        url = self.desk.sign_url(case) if waits else None
        return shapes.case_json(case, signing_url=url)

    def _contract_status(self, case: SimCase) -> Fields:
        desk, url = self.desk, self.desk.sign_url(case)
        return {
            "sdca": contract_json(desk.has_contract, url),
            "poa": contract_json(desk.has_poa, url),
            "pricingAppendix": None,
            "collectionPartnerName": shapes.PARTNER,
            "needsPoaSigning": not desk.has_poa,
        }


def listed(request: Request, name: str, items: list[Fields]) -> Fields:
    """Return a page of a list, with where it stands."""
    page = int(request.query.get("Page", "1"))
    size = min(int(request.query.get("PageSize", PAGE_SIZE)), PAGE_SIZE_MAX)
    shown = items[(page - 1) * size : page * size]
    data = {
        "totalResults": len(items),
        "pageSize": size,
        "currentPage": page,
        "responseCount": len(shown),
        "totalPages": -(-len(items) // size),
    }
    return {"page": data, name: shown}


def contract_json(is_signed: bool, url: str | None) -> Fields:  # noqa: FBT001 - a field
    """Write whether a contract is signed, and where it can be."""
    return {
        "signed": is_signed,
        "requiresResigning": False,
        "solutionUrl": None if is_signed else url,
    }
