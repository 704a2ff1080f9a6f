"""What does a send look like to SIN: which document is it about, and what is the notification's body?"""

import json
from base64 import b64encode
from html import escape
from typing import Any
from uuid import UUID

from duepost.texts import bare
from worker.providers.port import Job

LANGUAGES = frozenset({"pt", "en"})  # that SIN has words in


def document_of(job: Job) -> str | None:
    """SIN's id of the document, which the send has as its Reference; None when that is no GUID."""
    try:
        return str(UUID((job.reference or "").strip()))
    except ValueError:
        return None


def notification(job: Job, document: str, language: str) -> bytes:
    """The body of sendAdditionalNotifications. language: where the send names none that SIN has."""
    asked = bare(job.options.language) if job.options.language else language
    attach = job.options.attach
    email: dict[str, Any] = {
        "Email": job.to_address,
        "SendAttachment": attach is None or "pdf" in attach,
        "LanguageCode": (asked if asked in LANGUAGES else language).upper(),
    }
    own = {"From": job.options.sender, "FromDisplayName": job.options.sender_name, "Subject": job.subject}
    email |= {name: value for name, value in own.items() if value}
    if job.note:
        email |= {"Body": b64encode(_html(job.note).encode()).decode(), "BodyContentType": "application/html"}
    return json.dumps({"OutboundFinancialDocumentId": document, "DestinationEmails": [email]}).encode()


def is_told(address: str, data: object) -> bool:
    """True when the answer's `Data`, the addresses that SIN mails to, has it."""
    mailed = data if isinstance(data, list) else []
    return address.strip().lower() in {one.strip().lower() for one in mailed if isinstance(one, str)}


def _html(text: str) -> str:
    """A plain text as the HTML that SIN takes for a body."""
    lines = "<br>\r\n".join(escape(line) for line in text.splitlines())
    return f"<html><body>{lines}</body></html>"
