"""How is an invoice written in XML? An element for each name, no namespaces; lists hold an element for each item."""

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from duepost.einvoice.wellformed import parse
from duepost.errors import InvalidSend
from gateway.problems import Problem

# list, in small letters -> the name of one item
ITEMS = {
    "pdfattachments": "PdfAttachment",
    "invoicelines": "InvoiceLine",
    "textlines": "TextLine",
    "details": "Detail",
    "arrayofinvoicereference": "InvoiceReference",
}
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_xml(body: bytes) -> Any:
    """The root's children by name; an element without any is text, an empty one None. Raises: Problem 400."""
    try:
        return _value(parse(body))
    except InvalidSend as wrong:
        raise Problem(400, f"the body {wrong.problem}") from None


def write_xml(said: object, root: str) -> bytes:
    """UTF-8 with a declaration. What has no name that XML allows, and characters that it does not, are left out."""
    return etree.tostring(_element(root, said), xml_declaration=True, encoding="utf-8")


def _value(element: etree._Element) -> Any:
    if not len(element):
        return None if element.get(NIL) == "true" else element.text or None
    name = etree.QName(element).localname
    if name.lower() in ITEMS:
        return [_value(child) for child in element]
    made: dict[str, Any] = {}
    for child in element:
        called = etree.QName(child).localname
        if called in made:
            raise InvalidSend("Document", "names an element twice", "write it once")
        made[called] = _value(child)
    return made


def _element(name: str, said: object) -> etree._Element:
    made = etree.Element(name)
    if isinstance(said, Mapping):
        made.extend(_element(key, value) for key, value in said.items() if NAME.fullmatch(key))
    elif isinstance(said, list):
        made.extend(_element(ITEMS.get(name.lower(), "Item"), one) for one in said)
    elif isinstance(said, bool):
        made.text = str(said).lower()
    elif said is None:
        made.set(NIL, "true")
    else:
        made.text = UNWRITABLE.sub("", str(said))
    return made
