"""What does the port promise of every adapter? The suite that each of them is put through.

A test module makes a class of it whose name begins with Test, beside fixtures `make` and `job`.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from duepost.statuses import Status
from sandbox.ports import free_port
from tests.worker.providers.misbehaving import Misbehaving, Talk
from worker.providers.port import Job, Provider, Verdict

SECRET = "correct-horse/battery+1"  # with what an address, a form and JSON write in other ways
SHORT = timedelta(seconds=0.4)
SLACK = 0.5  # seconds, on a busy machine
Make = Callable[..., Provider]  # of a host, a port and, where others than SHORT are wanted, a limit
MakeJob = Callable[..., Job]


class Contract:
    """make: an adapter for a host and port, with SECRET and limits of SHORT. job: a send that it can deliver.

    refused_as: the reason's code where nobody listens.
    """

    refused_as = "CONNECTION_REFUSED"

    def test_a_refused_connection_is_transient(self, make: Make, job: MakeJob) -> None:
        outcome = make("127.0.0.1", free_port()).send(job())
        assert (outcome.verdict, outcome.status) == (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL)
        assert outcome.reason.code == self.refused_as

    @pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "a..b", "x" * 64 + ".test"])
    def test_a_host_that_is_not_there_is_transient_within_the_deadline(
        self, make: Make, job: MakeJob, host: str
    ) -> None:
        provider = make(host, 25)
        began = time.monotonic()
        assert provider.send(job()).verdict is Verdict.TRANSIENT
        assert time.monotonic() - began < provider.total_deadline.total_seconds() + SLACK

    def test_a_hang_ends_within_the_total_deadline(self, make: Make, job: MakeJob) -> None:
        with Misbehaving(Talk.hang) as server:
            provider = make(server.host, server.port)
            began = time.monotonic()
            outcome = provider.send(job())
            took = time.monotonic() - began
        assert outcome.verdict in {Verdict.TRANSIENT, Verdict.UNKNOWN}
        assert took < provider.total_deadline.total_seconds() + SLACK

    def test_a_trickle_ends_within_the_total_deadline(self, make: Make, job: MakeJob) -> None:
        with Misbehaving(lambda talk: talk.repeat(b"2", pause_seconds=0.05)) as server:
            provider = make(server.host, server.port)
            began = time.monotonic()
            provider.send(job())
            took = time.monotonic() - began
        assert took < provider.total_deadline.total_seconds() + SLACK

    @pytest.mark.parametrize("words", [b"\0\0\0\0\r\n\r\n", b"<html>\r\n\r\n", b"2" * 100_000 + b"\r\n", b""])
    def test_garbage_is_never_sent_and_never_raises(self, make: Make, job: MakeJob, words: bytes) -> None:
        with Misbehaving(lambda talk: talk.say(words)) as server:
            outcome = make(server.host, server.port).send(job())
        assert outcome.verdict in {Verdict.TRANSIENT, Verdict.UNKNOWN}

    def test_secrets_are_in_no_repr_no_answer_and_no_log(
        self, make: Make, job: MakeJob, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(0)
        provider = make("127.0.0.1", free_port())
        outcome = provider.send(job())
        told = f"{provider!r} {provider} {outcome!r} {outcome.answer} {caplog.text}"
        assert SECRET not in told
        assert "anna@customer.test" not in f"{provider!r} {outcome!r} {caplog.text}"

    def test_closing_an_adapter_that_never_sent_is_allowed(self, make: Make) -> None:
        make("127.0.0.1", 1).close()
