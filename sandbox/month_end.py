"""What does a billing app hand over at month end, and what must have become of it?

A file in FarPay's spelling of invoices by e-mail, SMS, e-invoice network and print, with a PDF or an XML for each that
carries one. The counterparts misbehave towards some of the receivers, so it is known beforehand how every send ends.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from random import Random
from typing import BinaryIO

from duepost.schedule import zone_named
from duepost.statuses import Status
from sandbox.customers import customer_of
from sandbox.fates import FATES, MIXED
from sandbox.month_end_rows import ROWS, Made

FIRST_INVOICE = 100_001
THOUSAND = 1000
EACH_FROM = 100  # invoices of a channel; from here up no misbehaviour is missing


@dataclass(frozen=True)
class Expected:
    """How every send of the file must end, and how many each channel's counterpart must then hold."""

    by_status: Mapping[Status, int]
    held: Mapping[str, int]


def write_month_end(
    ndjson: Path,
    documents: Path,
    *,
    count: int = 1000,
    scheduled: int = 100,
    scheduled_for: datetime,
    zone: str,
    channels: Mapping[str, int] = MIXED,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Expected:
    """Write a file of `count` sends with their documents; PDFs of an earlier run with this seed are kept.

    channels: how many of a thousand sends leave by each. `scheduled` of the sends, letters apart, leave at
    `scheduled_for` (aware, a full minute), written as wall time in `zone`, the account's (IANA name); the others leave
    at once. `progress` is told how many invoices are done. What is expected comes true where a worker tries each send
    at least three times.

    Raises: ConfigError when there is no such zone.
    """
    wall_time = scheduled_for.astimezone(zone_named(zone)).strftime("%Y-%m-%d %H:%M")
    random = Random(seed)  # noqa: S311 - who gets what, no secret
    of_channel = _shared_out(random, count, channels)
    met, later = _spread(random, of_channel, scheduled)
    folder = documents / f"seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(ndjson) as file:
        for place in range(count):
            number = FIRST_INVOICE + place
            customer, country, mailbox = customer_of(number, seed)
            made = Made(number, place, customer, country, mailbox, met.get(place), seed, random)
            row = ROWS[of_channel[place]](made)
            if row.document is not None:
                path = folder / row.document.name
                if not (row.document.keeps and path.exists()):
                    with written_whole(path) as paper:
                        paper.write(row.document.content())
                relative = Path(os.path.relpath(path.resolve(), ndjson.parent.resolve())).as_posix()
                row.fields["Document"] = relative
            schedule = {"ScheduleSendDate": wall_time} if place in later else {}
            head = {"InvoiceNumber": str(number), "CustomerNumber": customer.number, "Status": "Queue"}
            file.write(json.dumps({**head, **row.fields, **schedule}, ensure_ascii=False).encode() + b"\n")
            if progress:
                progress(place + 1)
    return _expected(of_channel, met)


def _shared_out(random: Random, count: int, channels: Mapping[str, int]) -> list[str]:
    """Place in the file -> channel, in any order; the first channel takes what does not come out even."""
    first, *others = channels
    whole = sum(channels.values())
    shared = [channel for channel in others for _ in range(count * channels[channel] // whole)]
    shared += [first] * (count - len(shared))
    random.shuffle(shared)
    return shared


def _spread(random: Random, of_channel: list[str], scheduled: int) -> tuple[dict[int, str], set[int]]:
    """Which places in the file meet which misbehaviour, and which are scheduled; of every kind some are both."""
    places = random.sample(range(len(of_channel)), len(of_channel))
    free = [place for place in places if of_channel[place] != "print"]  # a letter's time is the cut-off
    later = set(free[:scheduled])
    met: dict[int, str] = {}
    for channel, fates in FATES.items():
        mine = [place for place in places if of_channel[place] == channel]
        timed, now = [one for one in mine if one in later], [one for one in mine if one not in later]
        for word, (of_thousand, *_) in fates.items():
            meeting = max(round(len(mine) * of_thousand / THOUSAND), 1 if len(mine) >= EACH_FROM else 0)
            share = ceil(meeting * len(timed) / len(mine)) if meeting > 1 else 0
            for one in range(meeting):
                first, second = (timed, now) if one < share else (now, timed)
                met[(first or second).pop()] = word
    return met, later


def _expected(of_channel: list[str], met: Mapping[int, str]) -> Expected:
    by_status: Counter[Status] = Counter()
    held: Counter[str] = Counter()
    for place, channel in enumerate(of_channel):
        _, status, holds = FATES[channel][met[place]] if place in met else (0, Status.SENT, True)
        by_status[status] += 1
        held[channel] += holds
    return Expected(dict(sorted(by_status.items())), dict(held))


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name only when all of it is there; a run killed in the middle leaves none by that name."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
