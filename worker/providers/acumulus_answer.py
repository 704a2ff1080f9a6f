"""What does Acumulus say in its answer, be it JSON or XML?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from duepost.einvoice.wellformed import parse
from duepost.errors import InvalidSend
from worker.http_line import Answer, NoAnswer
from worker.providers.http_answer import MARKS


@dataclass(frozen=True, slots=True)
class Remark:
    """An error or a warning. code: like `400 Bad Request`. tag: the same in every language."""

    code: str
    tag: str
    message: str


@dataclass(frozen=True, slots=True)
class Said:
    """status: 0 done, 1 failed, 2 done or not, with warnings, 3 an exception."""

    status: int
    errors: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()

    @property
    def tags(self) -> list[str]:
        """Of errors and warnings, in their order."""
        return [one.tag for one in (*self.errors, *self.warnings)]


def read(answer: Answer | NoAnswer) -> Said | None:
    """What a whole answer says; None when it is none of Acumulus' own. Content-Type is not asked."""
    if not isinstance(answer, Answer) or not answer.whole:
        return None
    body = answer.body.lstrip(MARKS)
    fields = _of_xml(body) if body.startswith(b"<") else _of_json(body)
    status = str(fields.get("status", "")).strip()
    if status not in {"0", "1", "2", "3"}:
        return None
    return Said(int(status), _remarks(fields, "error"), _remarks(fields, "warning"))


def _of_json(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    inner = said.get("response")
    return inner if isinstance(inner, dict) else said


def _of_xml(body: bytes) -> Mapping[str, Any]:
    try:
        root = parse(body)
    except InvalidSend:
        return {}
    if root.tag != "response":
        return {}
    fields: dict[str, Any] = {"status": root.findtext("status")}
    for kind in ("error", "warning"):
        found = root.findall(f"{kind}s/{kind}")
        fields[f"{kind}s"] = {kind: [{str(part.tag): part.text or "" for part in one} for one in found]}
    return fields


def _remarks(fields: Mapping[str, Any], kind: str) -> tuple[Remark, ...]:
    """One stands alone, several in a list, none is {} or []."""
    group = fields.get(f"{kind}s")
    found = group.get(kind) if isinstance(group, dict) else None
    several = found if isinstance(found, list) else [found]
    return tuple(
        Remark(*(str(one.get(name, "")) for name in ("code", "codetag", "message")))
        for one in several
        if isinstance(one, dict) and one
    )
