"""What may a provider be unable to express?"""

from enum import StrEnum


class Feature(StrEnum):
    """Something that a send may ask for. A provider declares which of them it can express."""

    DOCUMENT = "document"
    ATTACHMENTS = "attachments"  # more than one document
    SUBJECT = "subject"
    NOTE = "note"  # a text of the send's own
    SENDER = "sender"  # From of the send's own: an address, or the sender id of an SMS
    SENDER_NAME = "sender_name"
    CONFIRM_READ = "confirm_read"
    COPY = "copy"  # a Bcc
    INTERNAL_NOTE = "internal_note"  # a note on the invoice that the receiver never sees
    PROVIDER_DOCUMENTS = "provider_documents"  # documents that the provider holds itself
    PARTICIPANT = "participant"  # a receiver of an e-invoice by another identifier than its GLN


EVERYTHING = frozenset(Feature)
OF_INVOICE_SYSTEMS = frozenset({Feature.INTERNAL_NOTE, Feature.PROVIDER_DOCUMENTS})  # they have invoices of their own

# feature -> the field that asks for it, as a caller writes it
FIELDS = {
    Feature.DOCUMENT: "Document",
    Feature.ATTACHMENTS: "Attachments",
    Feature.SUBJECT: "Subject",
    Feature.NOTE: "Note",
    Feature.SENDER: "From",
    Feature.SENDER_NAME: "FromName",
    Feature.CONFIRM_READ: "ConfirmRead",
    Feature.COPY: "Bcc",
    Feature.INTERNAL_NOTE: "InternalNote",
    Feature.PROVIDER_DOCUMENTS: "ProviderDocuments",
    Feature.PARTICIPANT: "ToAddress",
}
