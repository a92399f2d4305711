"""The language of templates: words, the variables listed here, and conditions.

A template is plain text. It can name a variable and ask a condition, and nothing else:
no loop, no call, no access to anything behind a value. What it names is checked when it
is saved, in branches that are not taken too, so that no message fails at night.
"""

from collections.abc import Mapping
from typing import Final

from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ledger.errors import ConfigurationError

VARIABLES: Final[Mapping[str, str]] = {
    "debtor": "the debtor's name",
    "customer_number": "the debtor's number in the books",
    "contact": "who is written to at the debtor's, or empty",
    "sender": "the company that writes",
    "creditor": "the company whose invoices these are",
    "person": "who signs, or empty",
    "role": "as what that person signs, or empty",
    "phone": "the sender's telephone number, or empty",
    "email": "where replies go",
    "today": "the day of the message",
    "deadline": "the day until which the message asks for payment",
    "count": "how many items the message is about, as a number",
    "invoices": "the same in words: 1 invoice, 3 invoices",
    "number": "the number of the item it is about; of several, the one due first",
    "numbers": "the numbers of all items it is about; from the fourth on counted",
    "issued_on": "the date of the item it is about; of several, of the one due first",
    "due_on": "when that item is or was due",
    "open": "what is open of the items it is about",
    "late": "how late the oldest of them is, in words: 12 days overdue; or empty",
    "total": "what is open of all items listed",
    "credits": "payments and credits that settle no invoice yet",
    "balance": "what is to be paid: the total less the credits",
    "late_interest": "the interest it came to by the law, or empty",
    "late_compensation": "the compensation the law gives, or empty",
    "late_until": "the day until which that interest is, or empty",
    "reference": "what to quote with a payment",
    "case": "the agency's number of the case, or empty",
}
"""What a template may name, and what it stands for; all are text but `count`."""

FILTERS: Final = frozenset({"lower", "upper"})
SIZE_MAX: Final = 20_000
"""Characters of one template; a text is read by people."""

_SPACE: Final = 0x20

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
)

ENVIRONMENT: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False
)


class TemplateError(ConfigurationError):
    """A template cannot be used as it was written."""

    def __init__(self, where: str, what: str, *, remedy: str) -> None:
        """Name the template's place, what is wrong, and what to do."""
        super().__init__(f"{where}: {what}", remedy=remedy)


def check(source: str, *, where: str) -> frozenset[str]:
    """Return the variables that a template names.

    Raises:
        TemplateError: It is no template, is too long, names what is not listed, or
            does more than name variables and ask conditions.
    """
    if len(source) > SIZE_MAX:
        raise TemplateError(
            where, f"more than {SIZE_MAX} characters.", remedy="Say it in fewer."
        )
    if any(ord(one) < _SPACE and one not in "\n\t" for one in source):
        raise TemplateError(
            where, "a control character.", remedy="Write plain text and line breaks."
        )
    try:
        tree = ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateError(
            where,
            f"line {error.lineno} is no template: {error.message}.",
            remedy="Variables stand as {{ name }}, conditions as {% if name %}.",
        ) from error
    for node in tree.find_all(nodes.Node):
        _check_node(node, where=where)
    named = meta.find_undeclared_variables(tree)
    if unknown := sorted(named - VARIABLES.keys()):
        raise TemplateError(
            where,
            f"unknown variable {', '.join(unknown)}.",
            remedy=f"Known are {', '.join(VARIABLES)}.",
        )
    return frozenset(named)


def _check_node(node: nodes.Node, *, where: str) -> None:
    if isinstance(node, nodes.Filter) and node.name in FILTERS:
        return
    if not isinstance(node, _ALLOWED):
        raise TemplateError(
            where,
            f"{type(node).__name__.lower()} is not allowed in a template.",
            remedy="Name variables and ask conditions; nothing else is needed.",
        )
