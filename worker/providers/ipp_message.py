"""What does one IPP request say, and what its answer?

RFC 8010 framing by pyipp's codec, RFC 8011 operations.
"""

import logging
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

USER = "duepost"
# Its debug lines quote all that a printer says.
logging.getLogger("pyipp").setLevel(logging.WARNING)


class Operation(IntEnum):
    """RFC 8011 5.4.15."""

    PRINT_JOB = 0x0002
    VALIDATE_JOB = 0x0004
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A


class JobState(IntEnum):
    """RFC 8011 5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


@dataclass(frozen=True, slots=True)
class PrinterJob:
    """A job as the printer tells of it. stopped_seconds: since it was first seen stopped, which it does not tell."""

    id: int
    name: str = field(repr=False)
    state: JobState
    reasons: tuple[str, ...] = ()
    stopped_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """status: RFC 8011 appendix B; below 0x0100 it is a yes."""

    status: int
    message: str = ""
    jobs: tuple[PrinterJob, ...] = ()

    @property
    def yes(self) -> bool:
        """True when the printer did what was asked."""
        return 0 <= self.status < 0x0100


JOB_ATTRIBUTES = ("job-id", "job-name", "job-state", "job-state-reasons")


def request(operation: Operation, printer: str, job: dict[str, Any], asked: dict[str, Any], content: bytes) -> bytes:
    """The bytes to POST. job: of the operation, asked: of the job itself."""
    from pyipp.serializer import encode_dict  # noqa: PLC0415 - an extra

    message: dict[str, Any] = {
        "version": (2, 0),
        "operation": operation,
        "request-id": 1,
        "operation-attributes-tag": {
            "attributes-charset": "utf-8",
            "attributes-natural-language": "en",
            "printer-uri": printer,
            "requesting-user-name": USER,
            **job,
        },
    }
    if asked:
        message["job-attributes-tag"] = asked
    framed: bytes = encode_dict(message)
    return framed + content


def reply(body: bytes) -> Reply | None:
    """What the answer says; None when it is no IPP."""
    from pyipp.exceptions import IPPError  # noqa: PLC0415 - an extra
    from pyipp.parser import parse  # noqa: PLC0415 - an extra

    try:
        said = parse(body)
        jobs = tuple(_job(one) for one in said["jobs"] if "job-id" in one and "job-state" in one)
        operation = said["operation-attributes"] or {}
        return Reply(said["status-code"] & 0xFFFF, str(operation.get("status-message", "")), jobs)
    except (IPPError, struct.error, ValueError, LookupError, TypeError, AttributeError):  # garbage meets all of them
        return None


def _job(told: dict[str, Any]) -> PrinterJob:
    reasons = told.get("job-state-reasons", ())
    return PrinterJob(
        int(told["job-id"]),
        str(told.get("job-name", "")),
        JobState(int(told["job-state"])),
        (reasons,) if isinstance(reasons, str) else tuple(str(one) for one in reasons),
    )
