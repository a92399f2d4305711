"""Signs that a debtor is a business: a tax number, or a legal form in its name.

Forms of which natural persons may be the whole (e.K., GbR, v.o.f., ditta individuale,
eenmanszaak, enskild firma) are no sign. Short ones that are words or names elsewhere
count in their own countries only, and not in a name that is all in capitals.
"""

import re
from functools import lru_cache
from typing import Final

# Dots, blanks and case are taken out of a name's words before they are compared.
_FORMS: Final = frozenset(
    word
    for line in (
        "gmbh mbh gesmbh ggmbh kgaa ohg gmbhcokg agcokg partg partgmbb",
        "aktiengesellschaft gesellschaft kommanditgesellschaft genossenschaft",
        "ltd limited plc llp llc inc incorporated corp corporation pty ptyltd",
        "bvba sprl srl srls cvba scrl sarl sasu eurl",
        "sapa scarl scpa slu sociedadlimitada sociedadanonima lda unipessoallda",
        "aktiebolag kommanditbolag handelsbolag abp oyj osakeyhtio",
        "aktieselskab anpartsselskab aksjeselskap",
        "spzoo spzook spk spj sro kft zrt nyrt",
    )
    for word in line.split()
)
_SHORT: Final = {
    "ab": {"SE", "FI", "AX"},
    "ag": {"DE", "AT", "CH", "LI"},
    "kg": {"DE", "AT"},
    "se": {"DE", "AT", "FR", "NL", "BE", "LU", "CZ", "PL", "NO", "IE"},
    "a/s": {"DK", "GL", "FO"},
    "k/s": {"DK"},
    "aps": {"DK"},
    "asa": {"NO"},
    "sas": {"FR", "IT"},
    "snc": {"FR", "IT"},
    "spa": {"IT"},
    "sau": {"ES"},
    "as": {"NO", "CZ", "EE", "SK", "TR"},
    "sa": {"FR", "BE", "LU", "CH", "ES", "PT", "PL", "RO", "GR", "NO", "AR", "BR"},
    "sl": {"ES"},
    "oy": {"FI"},
    "bv": {"NL", "BE"},
    "nv": {"NL", "BE"},
    "cv": {"NL", "BE"},
    "bt": {"HU"},
    "rt": {"HU"},
    "ks": {"CZ", "SK", "NO"},
    "sk": {"PL"},
    "ev": {"DE"},
    "eg": {"DE"},
    "ug": {"DE"},
    "lp": {"GB", "US", "CA", "IE"},
}
_GLUED_MAX: Final = 4
"""A form is written in at most so many words: `Sp. z o.o. k.`"""


@lru_cache(maxsize=50_000)
def legal_form(name: str, country: str | None) -> str | None:
    """Return the legal form that a name ends in or contains, as it is written there.

    Args:
        name: The debtor's name.
        country: ISO 3166-1, where it is known.
    """
    words = re.split(r"[\s,()&]+", name.strip())
    words = [word for word in words if word]
    is_loud = name == name.upper() and name != name.lower()
    # A name is not a form: the first word never counts.
    for start in range(1, len(words)):
        for end in range(min(len(words), start + _GLUED_MAX), start, -1):
            written = " ".join(words[start:end])
            form = re.sub(r"[.\s]", "", written).casefold()
            if form in _SHORT:
                is_dotted = "." in written or "/" in written
                if is_dotted or (
                    not is_loud
                    and written[0].isupper()
                    and (country or "").upper() in _SHORT[form]
                ):
                    return written
            elif form in _FORMS:
                return written
    return None
