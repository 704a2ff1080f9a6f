"""Who is meant by an identifier such as 0088:5790000435975?

Written as the network has it: scheme of ISO 6523, colon, the scheme's own identifier. Source: Peppol Policy for use of
Identifiers 4; the checks of Denmark's are Peppol BIS Billing 3's rules R040 and R042.
"""

import re

from stdnum import ean
from stdnum.dk import cvr

GLN = "0088"
CVR = "0184"  # Denmark's register of companies; with DK in front

PARTICIPANT = re.compile(r"([0-9]{4}):([A-Za-z0-9][A-Za-z0-9:._~-]{0,49})", re.ASCII)
# as OIOUBL writes a scheme -> its ISO 6523 code
OIOUBL_SCHEMES = {"GLN": GLN, "DK:CVR": CVR}


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
    if scheme == GLN:
        return bool(ean.is_valid(identifier))
    return scheme != CVR or bool(cvr.is_valid(identifier))
