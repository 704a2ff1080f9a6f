"""duepost: the asynchronous delivery job queue for invoices. What a billing app imports stands here."""

from duepost.doors import Taken, enqueue, enqueue_many
from duepost.errors import ConfigError, Conflict, DuepostError, InvalidSend, Refused, TryLater
from duepost.intake import Door
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, Kind, NewSend, Priority, Receipt, Reference
from duepost.statuses import Status

__all__ = [
    "Attachment",
    "Channel",
    "ConfigError",
    "Conflict",
    "Door",
    "DuepostError",
    "InvalidSend",
    "Kind",
    "NewSend",
    "Priority",
    "Receipt",
    "Reference",
    "Refused",
    "Rules",
    "Status",
    "Taken",
    "TryLater",
    "enqueue",
    "enqueue_many",
]
