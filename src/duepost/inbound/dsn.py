"""What does a mail server report of a mail that it took before?

RFC 3464, RFC 6533 with UTF-8. The action decides, not the status: an expired mail reads `failed` with 4.3.0. Of several
recipients each has a group of fields; the ledger compares each with the send's own.
"""

import re
from email.message import Message

from duepost.inbound.fields import (
    Fields,
    blocks_of,
    date_in,
    first_word,
    parts_of,
    recipients_in,
    returned_headers,
    send_of,
    text_of,
)
from duepost.mail_verdicts import (
    AT_RCPT,
    BASIC,
    ENHANCED_CODE,
    MAILBOX_UNAVAILABLE,
    REJECTED,
    by_detail,
    by_text,
    own_words,
)
from duepost.receipts import NewReceipt, Source, Word
from duepost.statuses import Status
from duepost.verdicts import Finding, Verdict

REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})

# action -> what it says
ACTIONS = {
    "failed": Word.FAILED,
    "delayed": Word.DELAYED,
    "delivered": Word.DELIVERED,
    "relayed": Word.RELAYED,
    "expanded": Word.EXPANDED,
}
# What would be worth another try for us, the reporting server has given up.
GAVE_UP = Finding(Verdict.REFUSED, Status.EMAIL_BOUNCED, "RELAY_GAVE_UP")

_TYPE = re.compile(r"^[A-Za-z0-9-]+;\s*")
_BASIC = re.compile(r"(?:^|\s)(5\d\d)[ -]")


def read_dsn(mail: Message) -> list[NewReceipt]:
    """One receipt for each recipient that it reports; none when it is no such report, or of no mail of ours."""
    report = next((part for part in parts_of(mail) if part.get_content_type() in REPORTS), None)
    if report is None:
        return []
    whole, *groups = blocks_of(text_of(report)) or [{}]
    send_id = send_of(whole.get("original-envelope-id"), returned_headers(mail).get("message-id"))
    if send_id is None:
        return []
    found = []
    for group in groups:
        word = ACTIONS.get(first_word(group.get("action", "")))
        if word is None:
            continue
        finding = failure(group) if word is Word.FAILED else None
        found.append(
            NewReceipt(
                send_id=send_id,
                source=Source.DSN,
                word=word,
                at=date_in(group.get("last-attempt-date"), mail["Date"]),
                status=finding.status if finding else None,
                reason=finding.code if finding else None,
                code=first_word(group.get("status", "")) or None,
                raw="\n".join(f"{name}: {value}" for name, value in {**whole, **group}.items()),
                recipients=recipients_in(group, "original-recipient", "final-recipient"),
            )
        )
    return found


def failure(group: Fields) -> Finding:
    """What a failure means: by the other server's words, then by the enhanced code, then by the basic one.

    Class 4 counts as class 5: the server that reports it tries no more.
    """
    said = _TYPE.sub("", group.get("diagnostic-code", ""))
    words = own_words(said)
    found = by_text(words) or _by_status(group.get("status", ""), said) or _by_code(said)
    return found if found.verdict is Verdict.REFUSED and found.status is not Status.ERROR else GAVE_UP


def _by_status(status: str, said: str) -> Finding | None:
    # x.0.0 says nothing; the other server's own code may.
    for code in (ENHANCED_CODE.match(status), ENHANCED_CODE.match(re.sub(r"^\d{3}[ -]", "", said))):
        if code and code[1] != "2" and (code[2], code[3]) != ("0", "0"):
            return by_detail(int(code[2]), int(code[3]))
    return None


def _by_code(said: str) -> Finding:
    basic = _BASIC.search(said)
    if basic is None:
        return MAILBOX_UNAVAILABLE
    at_rcpt = AT_RCPT if "RCPT TO" in said else {}  # Postfix tells which command was refused
    return at_rcpt.get(int(basic[1])) or BASIC.get(int(basic[1])) or REJECTED
