"""How does a billing app enqueue and ask over HTTP?"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

from duepost.client_calls import Calls
from duepost.client_many import OnProblem, OnProgress, OnReceipt, send_all
from duepost.client_rows import Rows, content_of
from duepost.client_wait import Until, look_until
from duepost.client_wire import Answer, Wire
from duepost.doors import Taken
from duepost.errors import ConfigError, InvalidSend, Unexpected
from duepost.sends import Channel, NewSend, Receipt, Reference
from duepost.standing import Event, Standing, Why, event_from, receipt_from, standing_from, why_from
from duepost.statuses import Status

PAGE = 200  # sends
JSON = "application/json"


@dataclass
class Client:
    """Talks to a gateway with a key of one account. Threads may share it; after a fork each process opens its own
    connections. Close it, or use it in a `with`.

    timeout: seconds for one call, with all its repeats and waits. A call is repeated after a lost connection, 429, 503
    and while the same call is under way, and never does anything twice.

    Raises: ConfigError for an address or a key that is none. Every call raises InvalidSend, Conflict, NotFound, Refused
    (the key), TryLater or Unexpected, as duepost.errors tells them apart.
    """

    url: str
    key: str = field(repr=False)
    timeout: float | timedelta = 60.0
    _calls: Calls = field(init=False, repr=False)
    _rows: Rows = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.url = _address(self.url)
        wire = Wire(self.url, _key(self.key), f"duepost/{version('duepost')}")
        self._calls = Calls(wire, _seconds(self.timeout))
        self._rows = Rows(lambda content: self.upload(content).sha256)

    def send(
        self, send: NewSend | None = None, *, run: str | None = None, idempotency_key: str | None = None, **fields: Any
    ) -> Receipt:
        """Enqueue one send, given whole or by NewSend's fields. When this returns, it is in the ledger.

        run: the batch it belongs to. idempotency_key: yours, to repeat the call after a crash; default a fresh one.
        """
        row = self._rows.row(_given(send, fields), run)
        return receipt_from(self._post("/v1/sends", row, idempotency_key))

    def send_many(
        self,
        sends: Iterable[NewSend],
        *,
        run: str | None = None,
        on_receipt: OnReceipt | None = None,
        on_problem: OnProblem | None = None,
        on_progress: OnProgress | None = None,
    ) -> Taken:
        """Enqueue any number of sends, in requests of some thousand rows, in constant memory.

        Not all or none: what was taken stays taken. Repeating all of it, after whatever broke it off, takes nothing
        twice. on_receipt is told of every send taken, on_progress of the sums after each request. on_problem is told of
        each wrong send with all its wrong fields, and the others are taken; without it the first wrong one raises when
        the rest of its request is taken.
        """
        query = {} if run is None else {"run": run}
        headers = {"Content-Type": "application/x-ndjson"}

        def post(body: bytes) -> bytes:
            return self._calls.call("POST", "/v1/sends/batch", query=query, body=body, headers=headers).body

        return send_all(sends, self._rows, post, on_receipt=on_receipt, on_problem=on_problem, on_progress=on_progress)

    def upload(self, document: bytes | Path) -> Reference:
        """Hand a document in, to be named by any number of sends. Raises: InvalidSend for Document."""
        headers = {"Content-Type": "application/octet-stream"}
        body = content_of("Document", document)
        said = _json(self._calls.call("POST", "/v1/documents", body=body, headers=headers))
        return Reference(str(said.get("document", "")).removeprefix("sha256:"))

    def get(self, send_id: UUID | str) -> Standing:
        """How it stands. Raises: NotFound."""
        return standing_from(self._get(f"/v1/sends/{_part(send_id)}"))

    def list(
        self,
        *,
        invoice: str | None = None,
        customer: str | None = None,
        reference: str | None = None,
        status: Status | int | str | None = None,
        run: str | None = None,
        channel: Channel | str | None = None,
    ) -> Iterator[Standing]:
        """The sends that fit, the newest first; the next page is asked for when it is come to."""
        wanted = {"InvoiceNumber": invoice, "CustomerNumber": customer, "Reference": reference, "Run": run}
        wanted |= {"Status": None if status is None else str(status), "Channel": channel, "limit": str(PAGE)}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        while True:
            page = self._get("/v1/sends", wanted)
            for one in page.get("sends", ()):
                yield standing_from(one)
            if not page.get("next_cursor"):
                return
            wanted["cursor"] = page["next_cursor"]

    def wait(self, send_id: UUID | str, *, until: Until = None, timeout: float | timedelta = 60.0) -> Standing:
        """Look until it has that status, one of those, or what the function says; None: until duepost does nothing more
        by itself. Raises: TimeoutError after `timeout` seconds; the errors of `get`.
        """
        return look_until(self.get, send_id, until, _seconds(timeout), clock=self._calls.clock, sleep=self._calls.sleep)

    def timeline(self, send_id: UUID | str) -> tuple[Event, ...]:
        """What happened to it, the oldest first. Raises: NotFound."""
        said = self._get(f"/v1/sends/{_part(send_id)}/timeline")
        return tuple(event_from(one) for one in said.get("events", ()))

    def why(self, send_id: UUID | str) -> Why:
        """Why it stands where it does, in a sentence. Raises: NotFound."""
        return why_from(self._get(f"/v1/sends/{_part(send_id)}/why"))

    def cancel(self, send_id: UUID | str, reason: str) -> Standing:
        """9999, for what surely has not left. Raises: Conflict when it may have; NotFound."""
        return self._act(send_id, "cancel", reason)

    def hold(self, send_id: UUID | str, reason: str) -> Standing:
        """110, for what waits, until `release`. Raises: Conflict, NotFound."""
        return self._act(send_id, "hold", reason)

    def release(self, send_id: UUID | str, reason: str) -> Standing:
        """100 again, for what is held, now or at its time. Raises: Conflict, NotFound."""
        return self._act(send_id, "release", reason)

    def retry(self, send_id: UUID | str, reason: str) -> Standing:
        """100, due now, for what failed and no provider has accepted. Raises: Conflict, NotFound."""
        return self._act(send_id, "retry", reason)

    def resend(
        self, send_id: UUID | str, reason: str, *, to_address: str | None = None, idempotency_key: str | None = None
    ) -> Standing:
        """A new send of what has ended, to the same address or another. Each call makes one.

        idempotency_key: yours, so that the call repeated after a crash makes no second. Raises: Conflict, NotFound;
        InvalidSend for ToAddress.
        """
        more = {} if to_address is None else {"to_address": to_address}
        return self._act(send_id, "resend", reason, more, idempotency_key)

    def settle(self, send_id: UUID | str, found: str, reason: str) -> Standing:
        """Say what became of a send of unknown outcome. found: sent, not-sent or send-again.

        Raises: Conflict, NotFound.
        """
        return self._act(send_id, "settle", reason, {"as": found})

    def close(self) -> None:
        """Close its connections."""
        self._calls.wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return _json(self._calls.call("GET", path, query=query))

    def _act(
        self,
        send_id: UUID | str,
        what: str,
        reason: str,
        more: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Standing:
        body = {"reason": reason, **(more or {})}
        return standing_from(self._post(f"/v1/sends/{_part(send_id)}/{what}", body, idempotency_key))

    def _post(self, path: str, body: Mapping[str, Any], idempotency_key: str | None) -> dict[str, Any]:
        headers = {"Content-Type": JSON, "Idempotency-Key": _visible(idempotency_key) or str(uuid4())}
        return _json(self._calls.call("POST", path, body=json.dumps(body).encode(), headers=headers))


def _given(send: NewSend | None, fields: Mapping[str, Any]) -> NewSend:
    if send is not None and fields:
        raise TypeError("give a NewSend or its fields, not both")
    return NewSend(**fields) if send is None else send


def _json(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Unexpected("what answers is no gateway of duepost's: check the address")
    return said


def _part(send_id: UUID | str) -> str:
    return quote(str(send_id), safe="") or "-"


def _seconds(given: float | timedelta) -> float:
    return given.total_seconds() if isinstance(given, timedelta) else float(given)


def _visible(key: str | None) -> str | None:
    if key is not None and not (key.isascii() and key.isprintable() and key.strip()):
        raise InvalidSend("Idempotency-Key", "is none", "use 1 to 255 visible ASCII characters")
    return key


def _address(url: str) -> str:
    hint = "write it like https://duepost.example.com"
    try:
        parts = urlsplit(url.strip())
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and not (parts.query or parts.fragment)
        right = right and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise ConfigError("url", "is no address of a gateway", hint)
    if parts.username is not None or parts.password is not None:
        raise ConfigError("url", "holds a name or password", f"leave them out: the key opens; {hint}")
    return url.strip().rstrip("/")


def _key(key: str) -> str:
    shown = key.strip()
    if not (shown and shown.isascii() and shown.isprintable() and " " not in shown):
        raise ConfigError("key", "is no key", "give what `duepost keys create` printed")
    return shown
