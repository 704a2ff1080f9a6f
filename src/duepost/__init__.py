"""duepost: the asynchronous delivery job queue for invoices. What a billing app imports stands here."""

from duepost.doors import Taken, enqueue, enqueue_many
from duepost.errors import ConfigError, Conflict, DuepostError, InvalidSend, Refused, TryLater
from duepost.intake import Door
from duepost.rules import Rules
from duepost.sends import Channel, Kind, NewSend, Priority, Receipt
from duepost.statuses import Status

__all__ = [
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
    "Refused",
    "Rules",
    "Status",
    "Taken",
    "TryLater",
    "enqueue",
    "enqueue_many",
]
