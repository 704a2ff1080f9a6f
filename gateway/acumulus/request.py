"""What does a call ask for? The XML of Acumulus' "Basic submit" and of "Email invoice or reminder"."""

import json
import re
from dataclasses import asdict, dataclass, field
from hashlib import sha256

from lxml import etree

from duepost.einvoice.wellformed import parse
from duepost.errors import InvalidSend
from gateway.acumulus.answer import MEDIA_TYPES, Form
from gateway.acumulus.form import FIELD, fields_of, unescaped
from gateway.acumulus.words import Refusal, remark

TOKEN = re.compile("[A-Za-z0-9]{32}")
TYPES = {"": "0", "0": "0", "1": "1"}
FLAGS = {"": False, "0": False, "1": True}


@dataclass(frozen=True, slots=True)
class Contract:
    """Who calls."""

    code: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """What is to be mailed; texts with the line breaks that two characters stood for. reminder: None: an odd type."""

    token: str = field(repr=False)
    reminder: bool | None
    notes: str = field(repr=False)
    to: str = field(repr=False)
    bcc: str = field(repr=False)
    sender: str = field(repr=False)
    subject: str = field(repr=False)
    message: str = field(repr=False)
    confirm: bool
    ubl: bool
    documents: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 of all of it: two calls with the same ask for the same."""
        return sha256(json.dumps(asdict(self)).encode()).digest()


def root_of(fields: dict[bytes, bytes], body: bytes) -> etree._Element:
    """The XML's root, whatever it is called. Raises: Refusal when there is none, or none that can be read."""
    if b"xmlfile" in fields:
        raise Refusal(remark("DPXMLFILE"))
    given = fields.get(FIELD)
    if given is None:
        raise Refusal(remark("DPFORM"))
    try:
        return parse(given.strip())
    except InvalidSend as wrong:
        raw = unescaped(body)
        try:
            return parse((raw or b"").strip())
        except InvalidSend:
            raise Refusal(remark("DPXML", why=f"it {wrong.problem}")) from None


def form_of(fields: dict[bytes, bytes], query: str | None, root: etree._Element | None) -> Form:
    """How the answer is wanted; the XML's words count before the form's, the form's before the query's."""
    of_xml = _text(root, "format") if root is not None else ""
    given = [of_xml, fields.get(b"format", b"").decode("latin-1"), query or ""]
    wanted = next((word for one in given if (word := one.strip().lower()) in MEDIA_TYPES), "xml")
    language = _text(root, "lang").lower() if root is not None else ""
    return Form(wanted, "nl" if language == "nl" else "en")


def contract_of(root: etree._Element) -> Contract:
    """Raises: Refusal when it is not whole."""
    code, user = _text(root, "contract/contractcode"), _text(root, "contract/username")
    password = root.findtext("contract/password") or ""
    if not (code and user and password):
        raise Refusal(remark("AF1001MCS"))
    return Contract(code, user, password)


def trial_of(root: etree._Element) -> bool:
    """True when nothing is to be mailed. Raises: Refusal for a testmode that is neither."""
    return _flag(root, "testmode")


def mail_of(root: etree._Element) -> Mail:
    """What is to be mailed. Raises: Refusal for the first thing that is wrong by itself."""
    token = _text(root, "token")
    if not TOKEN.fullmatch(token):
        raise Refusal(remark("TNFE4035G"))
    if root.find("emailaspdf") is None:
        raise Refusal(remark("DPMAIL"))
    kind = TYPES.get(_text(root, "invoicetype"))
    to = _text(root, "emailaspdf/emailto")
    return Mail(
        token=token,
        reminder=None if kind is None else kind == "1",
        notes=_lines(_text(root, "invoicenotes")).replace("\\t", "\t"),
        to=to,
        bcc=_text(root, "emailaspdf/emailbcc") if to else "",  # without emailto it is passed over
        sender=_text(root, "emailaspdf/emailfrom"),
        subject=" ".join(_text(root, "emailaspdf/subject").split()),
        message=_lines(_text(root, "emailaspdf/message")),
        confirm=_flag(root, "emailaspdf/confirmreading"),
        ubl=_flag(root, "emailaspdf/ubl"),
        documents=tuple(
            dict.fromkeys(filter(None, ((one.text or "").strip() for one in root.findall("docids/docid"))))
        ),
    )


def _text(root: etree._Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _flag(root: etree._Element, path: str) -> bool:
    found = FLAGS.get(_text(root, path))
    if found is None:
        raise Refusal(
            remark("DPFIELD", field=path.rpartition("/")[2], problem="is neither 0 nor 1", hint="write 0 or 1")
        )
    return found


def _lines(text: str) -> str:
    return text.replace("\\r\\n", "\n").replace("\\n", "\n")


def read(content_type: str, query_format: str | None, body: bytes) -> tuple[Form, etree._Element | Refusal]:
    """How to answer, and the XML or what is wrong with it."""
    fields: dict[bytes, bytes] = {}
    try:
        fields = fields_of(content_type, body)
        root = root_of(fields, body)
    except Refusal as refused:
        return form_of(fields, query_format, None), refused
    return form_of(fields, query_format, root), root
