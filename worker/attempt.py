"""How is one send tried once?

begin (committed) → call the provider, no database connection held → record. Nothing here guesses: what the provider may
or may not have taken is an unknown outcome.
"""

import logging
import random
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from duepost import crash
from duepost.documents import DocumentStore
from duepost.ledger.begin import Begun, ToBegin
from duepost.ledger.orders import Leased
from duepost.ledger.record import ToRecord
from duepost.ledger.unknown import UnknownPolicy
from duepost.reasons import Reason
from duepost.sends import Channel
from duepost.statuses import Status
from worker.gate import Gate
from worker.journal import Journal
from worker.pace import Pace
from worker.providers.port import Asked, Document, Job, Outcome, Provider, Verdict
from worker.retry import NextLane, RetryPolicy, follow
from worker.ticket import LedgerAway

log = logging.getLogger(__name__)

# verdict -> the word of the ledger's journal, which knew five before there was this one
KEPT = {Verdict.PENDING: Verdict.WAIT.value}


@dataclass(frozen=True, slots=True)
class Tried:
    """What the ledger says after an attempt, for people to see: no personal data. Times are aware."""

    send: Leased
    number: int
    status: Status
    reason: str
    began_at: datetime
    took: timedelta
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Attempter:
    """Tries the sends of one lane with its provider account; shared by all sending threads of a process."""

    name: str
    channel: Channel
    provider: Provider
    journal: Journal
    documents: DocumentStore
    policy: RetryPolicy
    on_unknown: UnknownPolicy
    actor: str
    gate: Gate
    lane: str
    routes: Mapping[Channel, Sequence[str]]  # lanes that may take over from one another, in their order
    pace: Pace
    record_within: timedelta  # by which the attempt's lease outlasts the provider's total deadline
    apart: frozenset[str] = frozenset()  # lanes that none takes over from, and that take over from none

    def attempt(
        self,
        send: Leased,
        lease: int,
        *,
        settled: Callable[[Tried], None],
        left: Callable[[UUID], None],
        deferred: Callable[[UUID, timedelta], None],
    ) -> None:
        """Try the send once. Exactly one of the three is called.

        `settled`: the outcome stands in the ledger. `left`: the send was not ours to try, the ledger is away, or the
        provider account may not be called. `deferred`: it may be called for this send only so much later.
        """
        wait = self.pace.wait(send)
        if wait:
            deferred(send.id, wait)
            return
        if not self.gate.enter():
            left(send.id)
            return
        outcome = called = None
        try:
            called = self._try(send, lease)
            outcome = called[0] if called else None
        finally:
            self.gate.leave(outcome)  # before the record: a pause stands when the order ends
        if called is None:
            left(send.id)
            return
        _, tried, to_record = called
        self.journal.record(to_record, lambda ours: self._recorded(tried, settled) if ours else left(send.id))

    def _try(self, send: Leased, lease: int) -> tuple[Outcome, Tried, ToRecord] | None:
        """Begin and call; None when it could not be begun."""
        lasts = self.provider.total_deadline + self.record_within
        asked = ToBegin(send.id, lease, lasts, self.channel.value, self.name, send.account, send.run)
        try:
            begun = self.journal.begin(asked)
        except LedgerAway:
            begun = None
        if begun is None:
            return None
        crash.reached("begun", send.invoice)
        started = time.monotonic()
        outcome, in_doubt = self._call(send, begun)
        took = timedelta(seconds=time.monotonic() - started)
        following = follow(
            outcome,
            attempt=begun.number,
            channel=Channel(send.channel),
            first_due=send.first_due,
            first_call=begun.first_at,
            now=begun.at + took,
            policy=self.policy,
            on_unknown=self.on_unknown,
            uniform=random.uniform,
            in_doubt=in_doubt,
            not_after=send.not_after,
            next_lane=self._next_lane(send),
        )
        tried = Tried(send, begun.number, following.status, following.reason.code, begun.at, took, outcome.alarm)
        to_record = ToRecord(
            id=send.id,
            lease=begun.token,
            number=begun.number,
            from_status=begun.status,
            to_status=following.status,
            wait=following.wait,
            counted=following.counted,
            reason=following.reason,
            answer=outcome.answer,
            actor=self.actor,
            provider=self.name,
            provider_reference=outcome.provider_reference,
            began_at=begun.at,
            took=took,
            verdict=KEPT.get(outcome.verdict, outcome.verdict),
            token=str(send.id),
            in_doubt=following.in_doubt,
            not_after=following.not_after,
            lane=following.lane,
        )
        return outcome, tried, to_record

    def _recorded(self, tried: Tried, settled: Callable[[Tried], None]) -> None:
        crash.reached("recorded", tried.send.invoice)
        settled(tried)

    def _call(self, send: Leased, begun: Begun) -> tuple[Outcome, bool]:
        """What came of it, and whether the provider may have taken the send at an attempt before."""
        if send.channel != self.channel:
            return Outcome(Verdict.REFUSED, Status.ERROR, Reason("CHANNEL_MISMATCH", field="Lane")), begun.in_doubt
        try:
            job = self._job(send, begun)
        except OSError as trouble:
            reason = Reason("DOCUMENT_UNREADABLE", field="Document", values={"error": type(trouble).__name__})
            return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason, alarm=True), begun.in_doubt
        in_doubt = begun.in_doubt
        harm = self._harm_of_repeat(begun) if in_doubt else None
        if harm:
            return Outcome(Verdict.UNKNOWN, Status.ERROR, Reason(harm)), in_doubt
        try:
            if in_doubt and self.on_unknown is UnknownPolicy.RESOLVE and isinstance(self.provider, Asked):
                said = self.provider.ask(job)
                if said is not None:
                    # A final answer is about the send itself, whichever attempt brought it.
                    return said, said.undecided or said.verdict not in {Verdict.ACCEPTED, Verdict.REFUSED}
                in_doubt = False
            crash.reached("before_send", send.invoice)
            outcome = self.provider.send(job)
        except Exception as bug:  # noqa: BLE001 - an adapter's mistake must cost no send its record
            # Only where and what: the text of an exception may quote an address.
            place = traceback.extract_tb(bug.__traceback__)[-1]
            log.error(  # noqa: TRY400 - see above
                "adapter of %s failed: %s in %s:%s", self.name, type(bug).__name__, place.filename, place.lineno
            )
            reason = Reason("ADAPTER_FAILED", values={"error": type(bug).__name__})
            return Outcome(Verdict.UNKNOWN, Status.ERROR, reason, alarm=True), in_doubt
        crash.reached("after_send", send.invoice)
        return outcome, in_doubt or outcome.undecided

    def _harm_of_repeat(self, begun: Begun) -> str | None:
        """Why what is in doubt is not called for again; None when it may be."""
        if self.on_unknown is UnknownPolicy.HOLD:  # the operator changed it since the last attempt
            return "NOT_REPEATED"
        by_token = self.on_unknown is UnknownPolicy.RESEND
        return "TOKEN_FORGOTTEN" if by_token and self.policy.may_be_forgotten(begun.first_at, begun.at) else None

    def _next_lane(self, send: Leased) -> NextLane | None:
        """The one after this lane in the send's own route or its channel's; after the last one the first again."""
        asked = send.options.route or self.routes.get(self.channel, ())
        route = [name for name in asked if name not in self.apart]
        if self.lane not in route or len(route) < 2:
            return None
        place = route.index(self.lane) + 1
        return NextLane(route[place % len(route)], again=place == len(route))

    def _job(self, send: Leased, begun: Begun) -> Job:
        document = None
        if send.document_sha256 is not None:
            content = self.documents.read(send.document_sha256)
            document = Document(send.filename or "document", send.media_type or "application/octet-stream", content)
        further = (Document(one.filename, one.media_type, self.documents.read(one.sha256)) for one in send.attachments)
        return Job(
            id=send.id,
            token=str(send.id),
            channel=send.channel,
            kind=send.kind,
            invoice=send.invoice,
            account=send.account,
            to_address=send.to_address,
            subject=send.subject,
            note=send.note,
            document=document,
            attachments=tuple(further),
            options=send.options,
            customer=send.customer,
            reference=send.reference,
            units=send.units,
            attempt=begun.number,
            first_attempt=begun.first_number,
            provider_reference=begun.provider_reference,
            first_due=send.first_due,
            in_doubt_since=begun.in_doubt_since,
            status=begun.status,
        )
