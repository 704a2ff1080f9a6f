"""Under which id does FarPay keep an invoice of ours?

Only the list names invoices by number, and it can be narrowed by due date alone; so ids are remembered.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from worker.http_line import Answer, NoAnswer
from worker.providers.farpay_verdicts import id_of, read

REMEMBERED = 100_000  # invoices; about 20 MB
AROUND = timedelta(days=3)  # FarPay may move a due date to a day on which banks work

Get = Callable[[str], Answer | NoAnswer]  # of a path with its query


@dataclass(frozen=True, slots=True)
class Book:
    """Invoice number -> FarPay's id, shared by the threads of a process."""

    most: int = REMEMBERED
    _ids: OrderedDict[str, int] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def id_of(self, invoice: str) -> int | None:
        """As far as this process has met it."""
        with self._lock:
            return self._ids.get(invoice)

    def keep(self, invoice: str, number: int) -> None:
        """Remember it; the one kept first is forgotten when there are too many."""
        with self._lock:
            self._ids[invoice] = number
            if len(self._ids) > self.most:
                self._ids.popitem(last=False)

    def forget(self, invoice: str) -> None:
        """FarPay knows no invoice by that id any more."""
        with self._lock:
            self._ids.pop(invoice, None)

    def look_up(self, invoice: str, due: date | None, get: Get, *, thorough: bool) -> int | Answer | NoAnswer | None:
        """Its id; None when a list that can be read has no such number, else the answer that is no list.

        due: where it is looked for first. thorough: then everywhere else as well.
        """
        known = self.id_of(invoice)
        if known is not None:
            return known
        said: int | Answer | NoAnswer | None = None
        for query in _queries(due, thorough=thorough):
            said = _found(get(f"/invoices{query}"), invoice)
            if isinstance(said, int):
                self.keep(invoice, said)
            if said is not None:
                return said
        return said


def _queries(due: date | None, *, thorough: bool) -> list[str]:
    near = [] if due is None else [f"?{urlencode(_around(due))}"]
    return [*near, ""] if thorough or not near else near


def _around(due: date) -> dict[str, date]:
    """Not beyond the years that there are: an unset day is written as one of the first or the last."""
    first, last = max(due, date.min + AROUND) - AROUND, min(due, date.max - AROUND) + AROUND
    return {"fromDueDate": first, "toDueDate": last}


def _found(answer: Answer | NoAnswer, invoice: str) -> int | Answer | NoAnswer | None:
    said: Any = read(answer) if isinstance(answer, Answer) and answer.status == 200 else None
    if not isinstance(said, list):
        return answer
    numbers = (id_of(one) for one in said if isinstance(one, Mapping) and str(one.get("InvoiceNumber")) == invoice)
    return next((number for number in numbers if number is not None), None)
