"""How is Acumulus asked, and how does it answer? The counterpart speaks as it does."""

import json
from collections.abc import Iterable
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qs

from email_validator import EmailNotValidError, validate_email
from lxml import etree

from sandbox.http_behaviour import Answer
from sandbox.http_request import Request


def asked_for(request: Request) -> etree._Element | None:
    """The XML of a request, whatever its root is called; None when there is none."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body, policy=policy.HTTP)
        xml = next((part.get_payload(decode=True) for part in form.iter_parts()), b"")
    else:
        xml = parse_qs(request.body.decode("latin-1"), encoding="latin-1").get("xmlstring", [""])[0].encode("latin-1")
    try:
        return etree.fromstring(bytes(xml or b""), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None


def text(asked: etree._Element, path: str) -> str:
    """Of one element; empty when it is not there."""
    return (asked.findtext(path) or "").strip()


def written_out(words: str) -> str:
    """With the line breaks and tabs that two characters stand for."""
    return words.replace("\\n", "\n").replace("\\t", "\t")


def addresses(words: str) -> list[str]:
    """Divided by commas or semicolons."""
    return [one.strip() for one in words.replace(";", ",").split(",") if one.strip()]


def is_address(words: str) -> bool:
    """As far as its form goes."""
    try:
        validate_email(words, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


Told = tuple[str, str, str]  # code, tag, message


def told(
    asked: etree._Element | None,
    status: int,
    *,
    errors: Iterable[Told] = (),
    warnings: Iterable[Told] = (),
    code: int = 200,
    xml: bool = False,
) -> Answer:
    """Acumulus' answer, in JSON as clients ask for it or in XML."""
    said: dict[str, Any] = {}
    if asked is not None and status in {0, 2}:
        said["invoice"] = {"token": text(asked, "token"), "invoicetype": text(asked, "invoicetype") or "0"}
    for kind, remarks in (("error", list(errors)), ("warning", list(warnings))):
        rows = [dict(zip(("code", "codetag", "message"), one, strict=True)) for one in remarks]
        found = {kind: rows[0] if len(rows) == 1 else rows} if rows else {}
        said[f"{kind}s"] = {**found, f"count_{kind}s": str(len(rows))}
    said["status"] = str(status)
    wants_json = asked is not None and text(asked, "format").lower() == "json" and not xml
    body = json.dumps(said).encode() if wants_json else as_xml(said)
    return Answer(code, body, {"content-type": "application/json" if wants_json else "application/xml"})


def as_xml(said: dict[str, Any], name: str = "response") -> bytes:
    """The same tree."""
    return etree.tostring(_element(name, said), xml_declaration=True, encoding="UTF-8")


def _element(name: str, said: object) -> etree._Element:
    made = etree.Element(name)
    if not isinstance(said, dict):
        made.text = str(said)
        return made
    for inner, value in said.items():
        for one in value if isinstance(value, list) else [value]:
            made.append(_element(inner, one))
    return made
