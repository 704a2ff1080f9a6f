"""How does an answer of Acumulus look, in XML and in JSON?

Source: Acumulus API, "Email invoice or reminder" and "Basic response"; JSON is the same tree, every scalar a string.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree
from starlette.responses import Response

from gateway.acumulus.words import Remark

RETRY_AFTER_SECONDS = "5"
MEDIA_TYPES = {"json": "application/json", "xml": "text/xml"}


@dataclass(frozen=True, slots=True)
class Form:
    """format: json or xml. language: en or nl."""

    format: str = "xml"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered. invoice: token and type of what was asked for, where that is known."""

    invoice: tuple[str, str] | None = None
    errors: Sequence[Remark] = ()
    warnings: Sequence[Remark] = ()

    @property
    def http(self) -> int:
        """Status of the answer: clients of Acumulus take 200, 400, 403 and 404, and 500 as worth a repeat."""
        return self.errors[0].http if self.errors else 200

    @property
    def status(self) -> int:
        """0 done, 1 failed, 2 warned, 3 an exception."""
        if self.errors:
            return 3 if self.http >= 500 else 1
        return 2 if self.warnings else 0


def response(said: Said, form: Form, *, errors_as_200: bool = False) -> Response:
    """The HTTP answer. errors_as_200: for clients that repeat what is 400 or 403; exceptions stay 500."""
    tree = _tree(said, form.language)
    body = json.dumps({name: _json(one) for name, one in tree}).encode() if form.format == "json" else _xml(tree)
    http = 200 if errors_as_200 and said.http < 500 else said.http
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if http == 500 else None
    return Response(body, http, headers, MEDIA_TYPES[form.format])


Node = str | list[tuple[str, "Node"]]
Tree = list[tuple[str, Node]]


def _tree(said: Said, language: str) -> Tree:
    tree: Tree = []
    if said.invoice:
        token, kind = said.invoice
        tree.append(("invoice", [("token", token), ("invoicetype", kind)]))
    for name, remarks in (("error", said.errors), ("warning", said.warnings)):
        rows: Tree = [(name, list(one.row(language).items())) for one in remarks]
        tree.append((f"{name}s", [*rows, (f"count_{name}s", str(len(remarks)))]))
    return [*tree, ("status", str(said.status))]


def _json(node: Node) -> object:
    """One of a kind stands alone, several in a list."""
    if isinstance(node, str):
        return node
    found: dict[str, list[object]] = {}
    for name, one in node:
        found.setdefault(name, []).append(_json(one))
    return {name: several if len(several) > 1 else several[0] for name, several in found.items()}


def _xml(tree: Tree) -> bytes:
    root = etree.Element("response")
    _grow(root, tree)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _grow(parent: etree._Element, node: Node) -> None:
    if isinstance(node, str):
        parent.text = node
        return
    for name, one in node:
        _grow(etree.SubElement(parent, name), one)
