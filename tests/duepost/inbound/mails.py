"""What do reports look like on the wire? Written out, as mail servers and receivers send them."""

from uuid import UUID

ID = UUID("019a9f3e-5c1d-7a3b-8d42-0123456789ab")
ANNA = "anna@customer.test"


def lines(text: str, encoding: str = "utf-8") -> bytes:
    """A mail with the line ends of the wire."""
    return text.strip("\n").replace("\n", "\r\n").encode(encoding) + b"\r\n"


def dsn(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str | None = "smtp; 550 5.1.1 No such user here",
    envelope_id: str | None = str(ID),
    message_id: str | None = f"<{ID}@sender.test>",
    final: str = f"rfc822; {ANNA}",
    original: str | None = f"rfc822;{ANNA}",
    attempted: str | None = None,
    kind: str = "message/delivery-status",
) -> bytes:
    """A delivery status notification; each argument changes one field, None leaves it out."""
    whole = ["Reporting-MTA: dns; mx.sender.test"]
    whole += [f"Original-Envelope-Id: {envelope_id}"] if envelope_id is not None else []
    group = [f"Final-Recipient: {final}"]
    group += [f"Original-Recipient: {original}"] if original is not None else []
    group += [f"Action: {action}", f"Status: {status}"]
    group += [f"Diagnostic-Code: {diagnostic}"] if diagnostic is not None else []
    group += [f"Last-Attempt-Date: {attempted}"] if attempted is not None else []
    returned = ["From: billing@sender.test", f"To: {ANNA}", "Subject: Invoice 1001"]
    returned += [f"Message-ID: {message_id}"] if message_id is not None else []
    return report("delivery-status", kind, "\n".join(whole) + "\n\n" + "\n".join(group), "\n".join(returned))


def report(name: str, kind: str, fields: str, returned: str | None, date: str | None = None) -> bytes:
    """A multipart/report of RFC 6522."""
    back = f"--=_b\nContent-Type: text/rfc822-headers\n\n{returned}\n\n" if returned is not None else ""
    return lines(f"""
Return-Path: <>
From: MAILER-DAEMON@mx.sender.test (Mail Delivery System)
To: billing@sender.test
Date: {date or "Thu, 26 Nov 2026 08:00:00 +0100"}
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type={name}; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you.

--=_b
Content-Type: {kind}

{fields}

{back}--=_b--
""")


def arf(
    kind: str | None = "abuse",
    *,
    recipient: str | None = ANNA,
    message_id: str | None = f"<{ID}@sender.test>",
    returned_to: str | None = ANNA,
) -> bytes:
    """A complaint."""
    fields = ["Version: 1"]
    fields += [f"Feedback-Type: {kind}"] if kind is not None else []
    fields += [f"Original-Rcpt-To: <{recipient}>"] if recipient is not None else []
    returned = ["From: billing@sender.test"]
    returned += [f"To: {returned_to}"] if returned_to is not None else []
    returned += [f"Message-ID: {message_id}"] if message_id is not None else []
    return report("feedback-report", "message/feedback-report", "\n".join(fields), "\n".join(returned))


def mdn(
    disposition: str = "manual-action/MDN-sent-manually; displayed",
    *,
    message_id: str | None = f"<{ID}@sender.test>",
    recipient: str = ANNA,
) -> bytes:
    """A read confirmation."""
    fields = ["Reporting-UA: mail.customer.test; Mail 1.0", f"Final-Recipient: rfc822;{recipient}"]
    fields += [f"Original-Message-ID: {message_id}"] if message_id is not None else []
    fields += [f"Disposition: {disposition}"]
    return report("disposition-notification", "message/disposition-notification", "\n".join(fields), None)
