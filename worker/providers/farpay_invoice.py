"""What is FarPay asked to send?

FarPay API v2, "Invoice" and "Send" node. Its pages show an invoice in two forms, a flat one and one with `Recepient`
(spelled so); fields of both are given, and each ignores the other's.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from duepost.reasons import Reason
from duepost.sends import Channel, Kind
from duepost.statuses import Status
from worker.providers.farpay_figures import NONE, Figures, figures
from worker.providers.port import Document, Job, Outcome, Verdict

# channel -> as FarPay's samples write it
CHANNELS: Mapping[str, str] = {
    Channel.EMAIL: "Email",
    Channel.SMS: "SMS",
    Channel.XML: "XML",
    Channel.PRINT: "Print",
}
# channel -> the receiver's field that its address fits
ADDRESSES: Mapping[str, str] = {Channel.EMAIL: "Email", Channel.SMS: "ContactPhone", Channel.XML: "Gln"}
GLN = "0088:"
PDF = "application/pdf"
XML = frozenset({"application/xml", "text/xml"})


@dataclass(frozen=True, slots=True)
class Request:
    """invoice: the body that creates it. send: its Send node. due: when it is to be paid, if we know that."""

    invoice: dict[str, Any] = field(repr=False)
    send: dict[str, str] = field(repr=False)
    due: date | None


def request(job: Job, currency: str) -> Request | Outcome:
    """The request for this send; the refusal of what FarPay cannot take. currency: where no e-invoice says it."""
    papers: list[Document] = []
    known: Figures | None = None
    for document in job.documents:
        if document.media_type in XML:
            known = known or figures(document.content)
            if known is None:
                return refused("NOT_AN_EINVOICE")
        elif document.media_type != PDF:
            return refused("NOT_A_PDF")
        elif job.options.attach is None or "pdf" in job.options.attach:
            papers.append(document)
    if job.channel == Channel.XML and known is None:
        return refused("DOCUMENT_MISSING" if not job.documents else "NOT_AN_EINVOICE")
    known = known or NONE
    send = send_node(job)
    invoice = {
        "InvoiceTypeCode": "PCM" if job.kind == Kind.CREDIT_NOTE else "PIE",
        "InvoiceNumber": job.invoice,
        "Currency": currency,
        **known.fields,
        **_receiver(job, known),
        "Description": f"Invoice {job.invoice}",
        **({"PdfInvoice": _file(papers[0])} if papers else {}),
        **({"PdfAttachments": [_file(paper) for paper in papers[1:]]} if papers[1:] else {}),
        "Send": send,
    }
    return Request(invoice, send, known.due)


def send_node(job: Job) -> dict[str, str]:
    """The Send node. Without a date: that this send is due is duepost's to know."""
    address = address_of(job)
    return {
        "Channel": CHANNELS[job.channel],
        "Status": "Queue",
        **({"ToAddress": address} if address else {}),
        **({"Note": job.note} if job.note else {}),
    }


def address_of(job: Job) -> str:
    """As FarPay writes it: a bare GLN, none for print."""
    if job.channel == Channel.PRINT:
        return ""
    return (job.to_address or "").strip().removeprefix(GLN)


def refused(code: str, status: Status = Status.ERROR, name: str = "Document") -> Outcome:
    """A refusal of our own: FarPay was not asked for this."""
    return Outcome(Verdict.REFUSED, status, Reason(code, field=name))


def _receiver(job: Job, known: Figures) -> dict[str, Any]:
    address = address_of(job)
    place = ADDRESSES.get(job.channel)
    number = {"CustomerNumber": job.customer} if job.customer else {}
    said = {**number, **known.recipient, **({place: address} if place and address else {})}
    return {**number, **({"Recepient": said} if said else {})}


def _file(document: Document) -> dict[str, str]:
    return {"Filename": document.filename, "Data": b64encode(document.content).decode("ascii")}
