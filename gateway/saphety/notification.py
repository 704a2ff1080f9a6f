"""What does a call for notifications ask for, and what is wrong in it?

Source: Saphety Invoice Network, Web API, sendAdditionalNotifications; the codes are SIN's where it has one.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from duepost.addresses import email
from duepost.errors import InvalidSend
from duepost.mail_fields import sender_name
from duepost.rules import Rules
from gateway.saphety.envelope import DOCUMENT_ID, EMPTY, Fault, Refusal, no_such_document
from gateway.saphety.folding import folded, folded_object
from gateway.saphety.plain import plain

MOST_MAILS = 100  # in one call, which is one transaction
LANGUAGES = frozenset({"en", "pt"})
YES = {"true": True, "false": False}  # as text, in small letters
HTML = frozenset({"application/html", "text/html"})
PLAIN = "text/plain"
TAG = re.compile(r"</?[A-Za-z][^<>]*>")  # a text without a type and without any is a plain one
INVALID = "INVALID_VALUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One entry of DestinationEmails. attach: the document goes along. body: plain text."""

    address: str = field(repr=False)
    attach: bool
    language: str
    cc: tuple[str, ...] = field(default=(), repr=False)
    bcc: tuple[str, ...] = field(default=(), repr=False)
    sender: str | None = field(default=None, repr=False)
    sender_name: str | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    body: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Notification:
    """One call: the document, and its mails, each once."""

    document: UUID
    mails: tuple[Mail, ...]


def read(content: bytes, rules: Rules) -> Notification:
    """The call. Raises: Refusal that names everything that is wrong; Problem 400 for what is no JSON object."""
    fields = folded(content)
    wrong: list[Fault] = []
    document = fields.get(DOCUMENT_ID.lower())
    if document in (None, ""):
        wrong.append(Fault(EMPTY, DOCUMENT_ID))
    given = fields.get("destinationemails")
    mails: list[Mail] = []
    if not isinstance(given, list) or not given:
        wrong.append(Fault(EMPTY, "DestinationEmails"))
    elif len(given) > MOST_MAILS:
        wrong.append(Fault(INVALID, "DestinationEmails", (f"at most {MOST_MAILS} in one call",)))
    else:
        mails = [_Entry(one, wrong, rules).mail() for one in given]
    if wrong:
        raise Refusal(wrong)
    return Notification(_guid(document), tuple(dict.fromkeys(mails)))


def _guid(given: object) -> UUID:
    try:
        return UUID(str(given).strip())
    except ValueError:
        raise no_such_document(str(given)) from None


class _Entry:
    """Reads one entry; what is wrong is added to `wrong`, and something harmless stands in its place."""

    def __init__(self, given: object, wrong: list[Fault], rules: Rules) -> None:
        self._fields: Mapping[str, Any] = folded_object(given) if isinstance(given, dict) else {}
        self._wrong = wrong
        self._rules = rules

    def mail(self) -> Mail:
        address = self._text("Email")
        if address is None:
            self._wrong.append(Fault(EMPTY, "Email"))
        return Mail(
            address=self._address("Email", address) if address else "",
            attach=self._attach(),
            language=self._language(),
            cc=self._addresses("CC"),
            bcc=self._addresses("BCC"),
            sender=self._address("From", sender) if (sender := self._text("From")) else None,
            sender_name=self._sender_name(),
            subject=self._text("Subject"),
            body=self._body(),
        )

    def _fault(self, code: str, name: str, *values: str) -> None:
        self._wrong.append(Fault(code, name, values))

    def _text(self, name: str) -> str | None:
        value = self._fields.get(name.lower())
        if not (value is None or isinstance(value, str)):
            self._fault(INVALID, name, "is not text")
            return None
        return value.strip() or None if value else None

    def _address(self, name: str, given: str) -> str:
        try:
            email(given, self._rules)
        except InvalidSend:
            self._fault("INVALID_EMAIL", name, given)
        return given

    def _addresses(self, name: str) -> tuple[str, ...]:
        given = self._fields.get(name.lower())
        found = given if isinstance(given, list) else [] if given in (None, "") else [given]
        if not all(isinstance(one, str) for one in found):
            self._fault("INVALID_EMAIL", name)
            return ()
        return tuple(self._address(name, one.strip()) for one in found if one.strip())

    def _sender_name(self) -> str | None:
        try:
            return sender_name(self._text("FromDisplayName"))
        except InvalidSend as wrong:
            self._fault(INVALID, "FromDisplayName", f"{wrong.problem}: {wrong.hint}")
            return None

    def _attach(self) -> bool:
        given = self._fields.get("sendattachment")
        said = YES.get(str(given).strip().lower())
        if said is None and given not in (None, ""):
            self._fault("INVALID_ENUM", "SendAttachment", str(given))
        return bool(said)

    def _language(self) -> str:
        given = self._text("LanguageCode") or "en"
        if given.lower() not in LANGUAGES:
            self._fault("INVALID_ENUM", "LanguageCode", given)
        return given.lower()

    def _body(self) -> str | None:
        given = self._text("Body")
        kind = (self._text("BodyContentType") or "").partition(";")[0].strip().lower()
        if kind and kind not in HTML and kind != PLAIN:
            self._fault("INVALID_ENUM", "BodyContentType", kind)
        if given is None:
            return None
        try:
            content = base64.b64decode("".join(given.split()), validate=True)
        except (binascii.Error, ValueError):
            self._fault(INVALID, "Body", "is no base64")
            return None
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
        html = kind in HTML if kind else TAG.search(text)
        return (plain(text) if html else text) or None
