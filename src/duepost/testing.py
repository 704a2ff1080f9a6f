"""What does a billing app test against, when no gateway runs?"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from duepost.client import Client
from duepost.client_many import TOGETHER, OnProblem, OnProgress, OnReceipt
from duepost.client_rows import content_of
from duepost.client_wait import Until, look_until
from duepost.doors import Taken
from duepost.errors import Conflict, InvalidSend, NotFound
from duepost.rules import Rules
from duepost.sends import Channel, CheckedSend, NewSend, Receipt, Reference
from duepost.standing import Event, Standing, Why
from duepost.statuses import NAMED, Status
from duepost.testing_acts import act, may_be_sent_again, reason_of, settle, why
from duepost.testing_sends import FakeSend, Shop

Told = TypeVar("Told")
RETRY_WAIT = timedelta(minutes=1)


class FakeDuepost(Client):
    """A Client whose gateway is this object: the same checks, errors and duplicates, nothing sent, nothing kept.

    `sends` is what it took, in order; `deliver` and `fail` do what a provider would. Not for several threads.
    account: the key's; zone: its; rules: the operator's choices, without quiet hours unless given; now: the clock.
    """

    def __init__(
        self,
        *,
        account: str = "default",
        zone: str = "Europe/Copenhagen",
        rules: Rules | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__("http://fake.invalid", "fake")
        self.sends: list[FakeSend] = []
        self.now = now
        self._shop = Shop(account, zone, rules or Rules())
        self._by_key: dict[UUID, FakeSend] = {}
        self._by_id: dict[str, FakeSend] = {}
        self._keys: dict[tuple[str, str], tuple[object, Any]] = {}

    def deliver(self, send_id: UUID | str, answer: str = "250 OK") -> None:
        """A provider took it: 200."""
        self._attempt(send_id, Status.SENT, "ACCEPTED", answer)

    def fail(self, send_id: UUID | str, status: Status | int, reason: str, answer: str | None = None) -> None:
        """It came to this: 310 waits for its next attempt; 300 OUTCOME_UNKNOWN is in doubt, for `settle`."""
        self._attempt(send_id, Status(status), reason, answer)

    def send(
        self, send: NewSend | None = None, *, run: str | None = None, idempotency_key: str | None = None, **fields: Any
    ) -> Receipt:
        """As Client.send."""
        if send is not None and fields:
            raise TypeError("give a NewSend or its fields, not both")
        asked = NewSend(**fields) if send is None else send
        return self._once("send", idempotency_key, (asked, run), lambda: self._take(asked, run))

    def send_many(
        self,
        sends: Iterable[NewSend],
        *,
        run: str | None = None,
        on_receipt: OnReceipt | None = None,
        on_problem: OnProblem | None = None,
        on_progress: OnProgress | None = None,
    ) -> Taken:
        """As Client.send_many."""
        taken, source = Taken(), iter(sends)
        while group := list(islice(source, TOGETHER)):
            first: InvalidSend | None = None
            for send in group:
                try:
                    told = self._take(send, run)
                except InvalidSend as wrong:
                    first = first or wrong
                    taken = replace(taken, refused=taken.refused + 1)
                    if on_problem:
                        on_problem(send, list(wrong.problems))
                    continue
                for one in (told, *told.also):
                    new = not one.duplicate
                    taken = Taken(taken.accepted + new, taken.duplicates + one.duplicate, taken.refused)
                    if on_receipt:
                        on_receipt(send, one)
            if on_progress:
                on_progress(taken)
            if first is not None and on_problem is None:
                raise first
        return taken

    def upload(self, document: bytes | Path) -> Reference:
        """As Client.upload."""
        return Reference(self._shop.documents.put(content_of("Document", document)).sha256.hex())

    def get(self, send_id: UUID | str) -> Standing:
        """As Client.get."""
        return self._found(send_id).standing

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
        """As Client.list."""
        number = None if status is None else NAMED.get(str(status).strip().lower())
        if status is not None and number is None:
            raise InvalidSend("Status", "is not known", "use a number or name that GET /v1/statuses lists", status)
        wanted = {"invoice": invoice, "customer": customer, "reference": reference, "status": number, "run": run}
        wanted["channel"] = None if channel is None else channel.lower()
        for one in reversed(self.sends):
            if all(value is None or getattr(one.standing, name) == value for name, value in wanted.items()):
                yield one.standing

    def wait(self, send_id: UUID | str, *, until: Until = None, timeout: float | timedelta = 60.0) -> Standing:  # noqa: ARG002
        """As Client.wait, but nothing is waited for: what is not so by now never will be."""
        return look_until(self.get, send_id, until, 0.0, clock=lambda: 0.0, sleep=lambda _: None)

    def timeline(self, send_id: UUID | str) -> tuple[Event, ...]:
        """As Client.timeline."""
        return tuple(self._found(send_id).events)

    def why(self, send_id: UUID | str) -> Why:
        """As Client.why, in fewer words."""
        return why(self._found(send_id))

    def resend(
        self, send_id: UUID | str, reason: str, *, to_address: str | None = None, idempotency_key: str | None = None
    ) -> Standing:
        """As Client.resend."""
        asked = (str(send_id), reason, to_address)
        return self._once("resend", idempotency_key, asked, lambda: self._again(send_id, reason, to_address))

    def settle(self, send_id: UUID | str, found: str, reason: str) -> Standing:
        """As Client.settle."""
        one = self._found(send_id)
        settle(one, found, reason, self.now())
        return one.standing

    def _act(self, send_id: UUID | str, what: str, reason: str, *_: Any) -> Standing:
        one = self._found(send_id)
        act(one, what, reason, self.now())
        return one.standing

    def _take(self, asked: NewSend, run: str | None) -> Receipt:
        now = self.now()
        first, *others = [self._kept(*one, now, run) for one in self._shop.check(asked, now)]
        return replace(first, also=tuple(others))

    def _kept(self, asked: NewSend, checked: CheckedSend, now: datetime, run: str | None) -> Receipt:
        first = self._by_key.get(self._shop.key_of(checked))
        if first is not None:
            return Receipt(first.id, first.status, first.standing.due_at, duplicate=True)
        made = self._shop.keep(asked, checked, now, run)
        self._add(made)
        return Receipt(
            id=made.id,
            status=made.status,
            due_at=made.standing.due_at,
            warnings=made.checked.warnings,
            units=made.checked.units,
            encoding=made.checked.encoding,
        )

    def _again(self, send_id: UUID | str, reason: str, to_address: str | None) -> Standing:
        one, now = self._found(send_id), self.now()
        said = reason_of(reason)
        may_be_sent_again(one)
        asked = replace(one.asked, to_address=to_address or one.asked.to_address, schedule_send_date=None)
        (asked, checked), *_ = self._shop.check(replace(asked, bcc=None, not_after=None), now)
        checked = replace(checked, sequence=0)
        while self._shop.key_of(checked) in self._by_key:
            checked = replace(checked, sequence=checked.sequence + 1)
        made = self._shop.keep(asked, checked, now, None)
        made.standing = replace(made.standing, resend_of=one.id)
        made.move(made.status, "RESENT", now, {"of": str(one.id), "why": said}, due_at=made.standing.due_at)
        self._add(made)
        return made.standing

    def _add(self, made: FakeSend) -> None:
        self.sends.append(made)
        self._by_key[self._shop.key_of(made.checked)] = self._by_id[str(made.id)] = made

    def _attempt(self, send_id: UUID | str, status: Status, reason: str, answer: str | None) -> None:
        one, now = self._found(send_id), self.now()
        number = one.standing.attempts + 1
        one.events.append(Event(at=now, what="attempt", attempt=number, provider="fake"))
        due_at = now + RETRY_WAIT if status.waiting else None
        doubt = reason == "OUTCOME_UNKNOWN"
        one.move(status, reason, now, due_at=due_at, attempts=number, in_doubt=doubt)
        one.events[-1] = replace(one.events[-1], attempt=number, answer=answer)

    def _found(self, send_id: UUID | str) -> FakeSend:
        one = self._by_id.get(str(send_id))
        if one is None:
            raise NotFound("there is no such send")
        return one

    def _once(self, what: str, key: str | None, asked: object, do: Callable[[], Told]) -> Told:
        if key is None:
            return do()
        if (what, key) not in self._keys:
            self._keys[what, key] = (asked, do())
        before, told = self._keys[what, key]
        if before != asked:
            raise Conflict("this Idempotency-Key was used for another request: use a new one")
        first: Told = told
        return first
