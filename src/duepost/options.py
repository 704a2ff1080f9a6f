"""What does a send ask for that most do not?

Kept as one JSON object beside the send, NULL for most of a month-end: a column each would cost every row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """sender, sender_name: From of the send's own; of an SMS the sender id.

    language: of texts that the send does not bring, two letters. confirm_read: ask for a read confirmation. attach:
    roles of the documents that go along (`pdf`, `xml`, `other`); None: all. shown_to: what the mail's To says where
    that is not the send's own address. copy: this is a Bcc. route: lanes to try in their order; none: the settings'.
    postal: where a print goes, as the print run's manifest says it. internal_note: for the invoice's own notes in an
    invoice system, never shown to the receiver. provider_documents: names of further documents that the provider holds.
    resend_of: id of the send that this one repeats because somebody wanted it.
    """

    sender: str | None = None
    sender_name: str | None = None
    language: str | None = None
    confirm_read: bool = False
    attach: tuple[str, ...] | None = None
    shown_to: str | None = None
    copy: bool = False
    route: tuple[str, ...] = ()
    postal: str | None = None
    internal_note: str | None = None
    provider_documents: tuple[str, ...] = ()
    resend_of: str | None = None

    def to_json(self) -> dict[str, Any] | None:
        """What was asked for; None when nothing was."""
        if self == NONE:
            return None
        asked = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in asked if value != getattr(NONE, name)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any] | None) -> Self:
        """The options that `to_json` made; what a later version has added is passed over."""
        known = {one.name for one in fields(cls)}
        given: dict[str, Any] = {name: value for name, value in (kept or {}).items() if name in known}
        values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in given.items()}
        return cls(**values)


NONE = Options()
