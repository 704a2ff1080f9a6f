"""Did a mail of SIN's end in error because its receiver's server could not be reached?

Source: OutboundFinancialDocument/emailTrackingIds and EmailStatus of SIN's notifications, in the vendor's pages until
October 2023.
"""

import re
from collections.abc import Callable
from uuid import UUID

from worker.providers.saphety_calls import Replied
from worker.providers.saphety_envelope import Envelope, folded

MAILS_LOOKED_AT = 5  # of a document, the last that are listed
# LastStateReason, the words of SIN's mail server
NO_CONNECTION = re.compile(r"\bdial\b|time-?out|timed out|connection|unreachable|no route|no such host", re.I)


def connection_failed(address: str, listed: Replied, look: Callable[[str], Replied]) -> bool:
    """True when SIN says so of every mail to this address: their order is not promised.

    listed: the document's emailTrackingIds. look: at a path below `/api/`.
    """
    reasons = []
    for tracking in _ids(listed)[-MAILS_LOOKED_AT:]:
        mail = look(f"EmailStatus/{tracking}")
        fields = folded(mail.data) if isinstance(mail, Envelope) and mail.valid else {}
        if str(fields.get("destination", "")).strip().lower() == address.strip().lower():
            reasons.append(str(fields.get("laststatereason") or ""))
    return bool(reasons) and all(NO_CONNECTION.search(reason) for reason in reasons)


def _ids(listed: Replied) -> list[str]:
    if not (isinstance(listed, Envelope) and listed.valid and isinstance(listed.data, list)):
        return []
    return [found for one in listed.data if (found := _guid(folded(one).get("emailtrackingid")))]


def _guid(text: object) -> str | None:
    """It becomes part of an address, so it has to be one."""
    try:
        return str(UUID(str(text)))
    except ValueError:
        return None
