"""Which rules did a document break, by the report of a Schematron run (SVRL)?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
FINDINGS = (f"{SVRL}failed-assert", f"{SVRL}successful-report")
HARMLESS = {"warning", "information", "info"}


@dataclass(frozen=True, slots=True)
class Broken:
    """rule: its name, such as BR-CO-16. place: elements from the root, without namespaces. text: the rule's own words,
    which may quote the document.
    """

    rule: str
    place: str
    text: str


def broken_rules(svrl: str | None) -> Iterator[Broken]:
    """The fatal ones. Raises: ValueError when this is no report."""
    root = etree.fromstring((svrl or "").encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    if root.tag != f"{SVRL}schematron-output":
        raise ValueError("no Schematron report")
    for one in root.iter(*FINDINGS):
        if (one.get("flag") or one.get("role") or "fatal").lower() not in HARMLESS:
            text = " ".join("".join(str(part) for part in one.itertext()).split())
            yield Broken((one.get("id") or "unnamed")[:40], _place(one.get("location") or ""), text)


def _place(location: str) -> str:
    """`/*:Invoice[namespace-uri()='…'][1]/*:TaxTotal[…][2]` as `/Invoice/TaxTotal[2]`."""
    plain = re.sub(r"\[namespace-uri\(\)\s*=\s*'[^']*'\]|\*:|\b[a-z]+:(?=[A-Z])|Q\{[^}]*\}", "", location)
    return plain.replace("[1]", "")[:200]
