"""What does the OpenAPI document say of requests and answers, with an example each?"""

from typing import Any

SEND_EXAMPLE = {
    "Channel": "email",
    "InvoiceNumber": "1001",
    "ToAddress": "accounts@customer.dk",
    "Subject": "Invoice 1001",
    "Note": "Please find attached invoice 1001.",
    "ScheduleSendDate": "2026-11-30 15:55",
}
TEXT: dict[str, Any] = {"type": ["string", "null"]}
DOCUMENT: dict[str, Any] = {
    "description": "`sha256:` and 64 digits of one uploaded before, or the file itself",
    "oneOf": [
        {"type": "string", "pattern": "^sha256:[0-9A-Fa-f]{64}$"},
        {
            "type": "object",
            "required": ["Data"],
            "properties": {"Filename": TEXT, "Data": {"type": "string", "contentEncoding": "base64"}},
            "additionalProperties": False,
        },
        {"type": "null"},
    ],
}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {**TEXT, "description": description, **more}


SEND_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Names may differ in case and underscores: `to_address` is ToAddress.",
    "required": ["Channel", "InvoiceNumber"],
    "properties": {
        "Channel": {"type": "string", "description": "email, sms, xml or print, in any case"},
        "InvoiceNumber": {"type": "string", "minLength": 1, "maxLength": 64},
        "ToAddress": _text("e-mail address (several by comma or semicolon), phone number, GLN, or postal address"),
        "Status": _text("Queue, or nothing"),
        "ScheduleSendDate": _text("`YYYY-MM-DD HH:MM` in the account's zone, or ISO 8601 with an offset; none: now"),
        "NotAfter": _text("past it the send is held as late; default 24 hours after its time"),
        "Note": _text("the text"),
        "Subject": _text("default: the account's template, or the built-in one"),
        "Kind": _text("invoice, reminder or credit_note"),
        "CustomerNumber": _text("of the customer"),
        "Reference": _text("yours, to find the send by"),
        "Document": DOCUMENT,
        "Filename": _text("as the receiver sees it"),
        "Attachments": {"type": ["array", "null"], "items": DOCUMENT, "maxItems": 20},
        "Attach": _text("which documents go along: pdf, xml, other, none; default all"),
        "Bcc": _text("e-mail addresses that get the same mail unseen"),
        "From": _text("instead of the provider account's"),
        "FromName": _text("beside From"),
        "Language": _text("of words the send does not bring: en, da, nl, pt"),
        "ConfirmRead": {"type": ["boolean", "string", "null"]},
        "Priority": {"type": ["string", "integer", "null"], "description": "urgent, normal or bulk"},
        "Sequence": {"type": ["string", "integer", "null"], "description": "0; a wanted resend counts up"},
        "MaxSegments": {"type": ["string", "integer", "null"]},
        "Lane": _text("the queue to travel in; default the channel's"),
        "InternalNote": _text("for the invoice's own notes in an invoice system"),
        "ProviderDocuments": _text("names of documents that the invoice system holds"),
        "Run": _text("the batch it belongs to", maxLength=255),
        "Account": _text("the key's own, or nothing"),
    },
}
INSTANT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
RECEIPT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "status", "status_name", "due_at", "duplicate_of", "segments", "encoding", "warnings", "also"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "status": {"type": "integer"},
        "status_name": {"type": "string"},
        "due_at": INSTANT,
        "duplicate_of": {"type": ["string", "null"], "format": "uuid", "description": "the send that was there first"},
        "segments": {"type": "integer", "description": "parts of an SMS, pages of a print, else 1"},
        "encoding": _text("of an SMS: GSM 03.38 or UCS-2"),
        "warnings": {"type": "array", "items": {"type": "string"}},
        "also": {"type": "array", "items": {"type": "object"}, "description": "the same for further receivers"},
    },
}
RECEIPT_EXAMPLE = {
    "id": "019ac1f2-7b5e-7c3d-9f00-2a4b6c8d0e1f",
    "status": 100,
    "status_name": "Queue",
    "due_at": "2026-11-30T14:55:00+00:00",
    "duplicate_of": None,
    "segments": 1,
    "encoding": None,
    "warnings": [],
    "also": [],
}
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["code", "details", "message", "name", "request_id", "type"],
    "properties": {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "name": {"enum": ["ClientError", "ServerError"]},
        "type": {"type": "string"},
        "request_id": {"type": "string"},
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["error", "fields", "hint"],
                "properties": {
                    "error": {"type": "string"},
                    "fields": {"type": "array", "items": {"type": "string"}},
                    "hint": {"type": "string"},
                },
            },
        },
    },
}
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key within 24 hours gets the same answer, and nothing is done twice",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def body(schema: dict[str, Any], example: object, media_type: str = "application/json") -> dict[str, Any]:
    """A request body for `openapi_extra`."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema, "example": example}}}}


def answers(schema: dict[str, Any], example: object, *codes: int, problems: tuple[int, ...] = ()) -> dict[Any, Any]:
    """`responses` of an endpoint: these codes with this schema, and the usual problems."""
    good = {"content": {"application/json": {"schema": schema, "example": example}}}
    told: dict[Any, Any] = {code: {"description": WORDS[code], **good} for code in codes}
    wrong = {"content": {"application/json": {"schema": PROBLEM_SCHEMA}}}
    for code in sorted({401, 403, 429, 503, *problems}):
        told[code] = {"description": WORDS[code], **wrong}
    return told


WORDS = {
    200: "Done, or known already",
    201: "Made",
    202: "Accepted: it is in the ledger",
    400: "The request cannot be read",
    401: "No key, or one that opens nothing",
    403: "The key may not do this",
    404: "There is no such thing, of this account",
    409: "It does not fit what is there",
    413: "The body is too large",
    422: "A field is wrong",
    429: "Too many requests",
    503: "The ledger is away: repeat the same request",
}
