"""How is an e-invoice held to its business rules before it leaves?

A lane of its own, for it needs 200 MB and 20 ms a document. What passes goes on in the next lane at once; what breaks a
rule ends here, before anybody outside has seen it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from duepost.einvoice.look import look_at
from duepost.einvoice.wellformed import parse
from duepost.einvoice.xsd import first_fault
from duepost.errors import ConfigError, InvalidSend
from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.finding import raw
from worker.providers.port import Job, Outcome, Verdict
from worker.rules.engine import ENGINE, EngineFailed
from worker.rules.files import files_of
from worker.rules.findings import Broken

SHOWN = 5  # broken rules in the answer
SCHEMA = "UBL 2.1"

Check = Callable[[str, Sequence[Path]], list[Broken]]


@dataclass(frozen=True, kw_only=True)
class EinvoiceRules:
    """next_lane: where a document goes that keeps them. rules_folder: further rule files, see `worker/rules/files.py`.
    total_limit: what a document is given before its worker counts as lost; the engine itself cannot be stopped.

    Raises: ConfigError when the extra is not installed or the folder is none.
    """

    next_lane: str = "xml"
    rules_folder: Path | None = None
    total_limit: timedelta = timedelta(seconds=60)
    check: Check = field(default=ENGINE.broken, repr=False)

    def __post_init__(self) -> None:
        if find_spec("saxonche") is None or find_spec("facturx") is None:
            raise ConfigError("kind", "is einvoice-rules, and its rules are not here", "install duepost[einvoice]")
        if self.rules_folder is not None and not self.rules_folder.is_dir():
            raise ConfigError("rules_folder", "is no folder", "give one with subfolders such as peppol")

    @property
    def features(self) -> frozenset[Feature]:
        """One document, to any participant."""
        return frozenset({Feature.DOCUMENT, Feature.PARTICIPANT})

    @property
    def total_deadline(self) -> timedelta:
        """One document's."""
        return self.total_limit

    def send(self, job: Job) -> Outcome:
        """Check the document; nothing leaves."""
        if job.document is None:
            return Outcome(Verdict.REFUSED, Status.ERROR, Reason("DOCUMENT_MISSING", field="Document"))
        try:
            root = parse(job.document.content)
            found = look_at(root, job.to_address, gln_check="warn")
            fault = first_fault(root, found.kind)
        except InvalidSend as breach:
            return _failed([Broken(SCHEMA, "", str(breach))])
        if fault:
            return _failed([Broken(SCHEMA, fault.place, "breaks UBL's schema")])
        try:
            broken = self.check(etree.tostring(root, encoding="unicode"), files_of(found.profile, self.rules_folder))
        except (EngineFailed, OSError) as trouble:
            reason = Reason("RULES_NOT_RUN", field="Document")
            return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, reason, raw(str(trouble)), alarm=True)
        if broken:
            return _failed(broken)
        return Outcome(Verdict.ACCEPTED, Status.QUEUE, Reason("RULES_PASSED"), lane=self.next_lane)

    def ask(self, job: Job) -> Outcome | None:  # noqa: ARG002 - the answer is the same for all
        """Never taken: nothing leaves here, so of a check that was cut short nothing is in doubt."""
        return None

    def close(self) -> None:
        """The engine is the process's own and goes with it."""


def _failed(broken: Sequence[Broken]) -> Outcome:
    first = broken[0]
    reason = Reason(
        "RULES_FAILED", field="Document", values={"rule": first.rule, "place": first.place, "count": len(broken)}
    )
    words = "\n".join(f"{one.rule} {one.place}: {one.text}" for one in broken[:SHOWN])
    return Outcome(Verdict.REFUSED, Status.ERROR, reason, raw(words))
