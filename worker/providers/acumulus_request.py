"""What does a mail call of Acumulus say?"""

import re
from dataclasses import dataclass, field

from lxml import etree

from worker.providers.port import Job

TOKEN = re.compile(r"[A-Za-z0-9]{32}")  # of an invoice; clients show that it is not always hexadecimal
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, Char


@dataclass(frozen=True, slots=True)
class Contract:
    """Who calls. on_error: address that Acumulus mails its errors to; None for none."""

    code: str
    user: str
    password: str = field(repr=False)
    on_error: str | None = None


def document(job: Job, contract: Contract, *, reminder: bool, language: str) -> bytes:
    """The XML; UTF-8. Texts carry line breaks and tabs as `\\n` and `\\t`, as Acumulus wants them."""
    root = etree.Element("myxml")
    login = etree.SubElement(root, "contract")
    _put(login, "contractcode", contract.code)
    _put(login, "username", contract.user)
    _put(login, "password", contract.password)
    _put(login, "emailonerror", contract.on_error)
    _put(login, "emailonwarning", contract.on_error)
    _put(root, "format", "json")
    _put(root, "testmode", "0")
    _put(root, "lang", language)
    _put(root, "token", job.reference)
    _put(root, "invoicetype", str(int(reminder)))
    _put(root, "invoicenotes", _in_one_line(job.options.internal_note))
    mail = etree.SubElement(root, "emailaspdf")
    _put(mail, "emailto", job.to_address)
    _put(mail, "emailfrom", job.options.sender)
    _put(mail, "subject", job.subject)
    _put(mail, "message", _in_one_line(job.note))
    _put(mail, "confirmreading", str(int(job.options.confirm_read)))
    _put(mail, "ubl", str(int("xml" in (job.options.attach or ()))))
    if job.options.provider_documents:
        documents = etree.SubElement(root, "docids")
        for name in job.options.provider_documents:
            _put(documents, "docid", name)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _put(parent: etree._Element, name: str, text: str | None) -> None:
    if text:
        etree.SubElement(parent, name).text = UNWRITABLE.sub(" ", text)


def _in_one_line(text: str | None) -> str | None:
    return text and text.replace("\r\n", "\n").replace("\n", "\\n").replace("\t", "\\t")
