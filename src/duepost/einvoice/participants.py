"""Who is meant by an identifier such as 0088:5790000435975?

Written as the network has it: scheme of ISO 6523, colon, the scheme's own identifier. Source: Peppol Policy for use of
Identifiers 4; the schemes whose identifiers can be checked are those of Peppol BIS Billing 3's rules R040 to R050.
"""

import re
from collections.abc import Callable
from typing import Any

from stdnum import ean
from stdnum.au import abn
from stdnum.be import vat
from stdnum.dk import cvr
from stdnum.it import codicefiscale, iva
from stdnum.no import orgnr
from stdnum.se import orgnr as organisationsnummer

GLN = "0088"
CVR = "0184"  # Denmark's register of companies; with DK in front

PARTICIPANT = re.compile(r"([0-9]{4}):([A-Za-z0-9][A-Za-z0-9:._~-]{0,49})", re.ASCII)
# as OIOUBL writes a scheme -> its ISO 6523 code
OIOUBL_SCHEMES = {"GLN": GLN, "DK:CVR": CVR}


def _checked(form: str, number: Any) -> Callable[[str], bool]:
    """Of that form, and right by a module of python-stdnum, which alone would pass over blanks and hyphens."""
    return lambda identifier: bool(re.fullmatch(form, identifier, re.ASCII) and number.is_valid(identifier))


# scheme -> is the identifier right?
CHECKS: dict[str, Callable[[str], bool]] = {
    "0007": _checked("[0-9]{10}", organisationsnummer),  # Sweden's organisations, R049
    GLN: _checked("[0-9]{13}", ean),  # R040
    "0151": _checked("[0-9]{11}", abn),  # Australia's businesses, R050
    CVR: _checked("(DK)?[0-9]{8}", cvr),  # R042
    "0192": _checked("[0-9]{9}", orgnr),  # Norway's organisations, R041
    "0201": lambda identifier: re.fullmatch("[A-Za-z0-9]{6}", identifier, re.ASCII) is not None,  # Italy's IPA, R044
    "0208": _checked("[0-9]{10}", vat),  # Belgium's enterprises, R043
    "0210": _checked("[A-Za-z0-9]{11}|[A-Za-z0-9]{16}", codicefiscale),  # Italy's tax code, R045
    "0211": _checked("IT[0-9]{11}", iva),  # Italy's VAT number, R047
}


def participant(given: str) -> str | None:
    """The one way to write it, a bare GLN included; None when it is none. Check digits are not looked at."""
    if re.fullmatch(r"[0-9]{13}", given, re.ASCII):
        return f"{GLN}:{given}"
    found = PARTICIPANT.fullmatch(given)
    if found is None:
        return None
    scheme, identifier = found.groups()
    if scheme == GLN:
        return given if re.fullmatch(r"[0-9]{13}", identifier, re.ASCII) else None
    if scheme == CVR:
        digits = identifier.upper().removeprefix("DK")
        return f"{CVR}:DK{digits}" if re.fullmatch(r"[0-9]{8}", digits, re.ASCII) else None
    return given


def sound(name: str) -> bool:
    """False when a check digit is wrong; what has none is sound."""
    scheme, _, identifier = name.partition(":")
    check = CHECKS.get(scheme)
    return check is None or check(identifier)
