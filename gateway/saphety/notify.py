"""POST …/api/OutboundFinancialDocumentMaintenance/sendAdditionalNotifications: how is a document mailed again?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from duepost.errors import InvalidSend, Refused
from duepost.ledger.idempotency import LONGEST_KEY, Repeat
from duepost.ledger.invoices import Invoice, invoice_by
from duepost.sends import Channel, NewSend
from gateway.again import send_again
from gateway.callers import Caller
from gateway.once import key_of, once
from gateway.own_words import Body
from gateway.saphety.envelope import DOCUMENT_ID, MEDIA_TYPE, Fault, Refusal, Sin, envelope, no_such_document
from gateway.saphety.login import Sender
from gateway.saphety.notification import INVALID, Mail, Notification, read
from gateway.service import Service, service_of
from gateway.taking import Answer

router = APIRouter(route_class=Sin, include_in_schema=False)

KEYED = "saphety sendAdditionalNotifications"
SAME_CALL = "saphety sendAdditionalNotifications, the same call"

# The call has had four names; all of them are in use.
NAMES = [
    "outboundfinancialdocumentmaintnance/sendnotifications",
    "outboundfinancialdocumentmaintnance/sendaditionalnotifications",
    "outboundfinancialdocumentmaintenance/sendaditionalnotifications",
    "outboundfinancialdocumentmaintenance/sendadditionalnotifications",
]

# field of a send -> code and field of SIN's
FIELDS = {
    "ToAddress": ("INVALID_EMAIL", "Email"),
    "Bcc": ("INVALID_EMAIL", "BCC"),
    "From": ("INVALID_EMAIL", "From"),
    "FromName": (INVALID, "FromDisplayName"),
    "Note": (INVALID, "Body"),
    "Language": ("INVALID_ENUM", "LanguageCode"),
}
SENDER_FIELDS = {"From", "FromName"}


def notify(request: Request, caller: Sender, body: Body) -> Response:
    """One send for each address, all in one transaction; Data is the addresses."""
    service = service_of(request)
    asked = read(body, service.door.rules)
    keyed = key_of(request.headers.get("idempotency-key"), LONGEST_KEY)
    digest = sha256(body).digest()
    window = timedelta(seconds=service.settings.gateway.saphety_repeat_seconds)
    work = partial(_notified, request, service, caller, asked)
    if keyed is not None:
        answer = once(service, Repeat(caller.account_id, KEYED, keyed, digest), work, same_body=True)
    else:
        same = Repeat(caller.account_id, SAME_CALL, digest.hex(), digest) if window else None
        answer = once(service, same, work, kept_for=window)
    return answer.response(MEDIA_TYPE)


for name in NAMES:
    for address in (f"/api/{name}", f"/{{prefix:path}}/api/{name}"):
        router.add_api_route(address, notify, methods=["POST"])


def _notified(
    request: Request, service: Service, caller: Caller, asked: Notification, connection: Connection
) -> Answer:
    held = invoice_by(connection, caller.account_id, guid=asked.document)
    if held is None:
        raise no_such_document(str(asked.document))
    if held.halted:
        raise Refusal([Fault("DOCUMENT_HALTED", DOCUMENT_ID, (str(asked.document),))])
    sends = [_send(held, caller, mail) for mail in asked.mails]
    try:
        try:
            with connection.begin_nested():
                send_again(service, connection, caller.account_id, sends)
        except InvalidSend as wrong:
            if wrong.field not in SENDER_FIELDS:
                raise
            # The lane's provider knows no sender of a mail's own. SIN too mails from its own address then.
            own = [replace(one, sender=None, sender_name=None) for one in sends]
            send_again(service, connection, caller.account_id, own)
    except InvalidSend as wrong:
        raise _refusal(wrong) from None
    except Refused as often:
        raise Refusal([Fault("DOCUMENT_HALTED", DOCUMENT_ID, (str(often),))]) from None
    return Answer(200, envelope(request, _addresses(asked.mails)))


def _addresses(mails: Sequence[Mail]) -> list[str]:
    return list(dict.fromkeys(mail.address for mail in mails))


def _send(held: Invoice, caller: Caller, mail: Mail) -> NewSend:
    return NewSend(
        channel=Channel.EMAIL,
        invoice=held.reference,
        to_address=", ".join((mail.address, *mail.cc)),
        bcc=", ".join(mail.bcc) or None,
        account=caller.account,
        kind=held.kind,
        customer=held.customer,
        document=held.source,
        filename=held.document[1] if held.document else None,
        attachments=held.enclosed,
        attach=None if mail.attach else "none",
        language=mail.language,
        sender=mail.sender,
        sender_name=mail.sender_name,
        subject=mail.subject,
        note=mail.body,
    )


def _refusal(wrong: InvalidSend) -> Refusal:
    code, about = FIELDS.get(wrong.field, (INVALID, wrong.field))
    return Refusal([Fault(code, about, (f"{wrong.problem}: {wrong.hint}",))])
