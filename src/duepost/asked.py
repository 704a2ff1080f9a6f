"""What does a send ask for beside what every send does?"""

from duepost import mail_fields
from duepost.fields import LINE_LIMIT, line, note
from duepost.options import NONE, Options
from duepost.rules import Rules
from duepost.sends import Channel, NewSend
from duepost.sms_send import sender_id


def options(
    send: NewSend, channel: Channel, rules: Rules, route: tuple[str, ...], postal: str | None
) -> tuple[Options, tuple[str, ...]]:
    """The options, and warnings. Raises: InvalidSend for the first wrong field."""
    asks = (send.sender, send.sender_name, send.language, send.confirm_read, send.attach)
    if asks == (None,) * 5 and send.internal_note is None and send.provider_documents is None:
        return (Options(route=route, postal=postal) if route or postal else NONE), ()
    language, warnings = mail_fields.language(send.language)
    found = Options(
        sender=_sender(send.sender, channel, rules),
        sender_name=mail_fields.sender_name(send.sender_name),
        language=language,
        confirm_read=mail_fields.confirm_read(send.confirm_read),
        attach=mail_fields.attach(send.attach),
        route=route,
        postal=postal,
        internal_note=None if send.internal_note is None else note(send.internal_note, "InternalNote"),
        provider_documents=_provider_documents(send.provider_documents),
    )
    return found, warnings


def _provider_documents(given: str | None) -> tuple[str, ...]:
    names = line("ProviderDocuments", given, LINE_LIMIT)
    return tuple(dict.fromkeys(name.strip() for name in (names or "").split(",") if name.strip()))


def _sender(given: str | None, channel: Channel, rules: Rules) -> str | None:
    if channel is Channel.EMAIL:
        return mail_fields.sender(given, rules)
    sender = line("From", given, LINE_LIMIT)
    return sender_id(sender) if sender and channel is Channel.SMS else sender
