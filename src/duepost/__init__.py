"""duepost: the asynchronous delivery job queue for invoices. What a billing app imports stands here."""

from duepost.client import Client
from duepost.doors import Taken, enqueue, enqueue_many
from duepost.errors import ConfigError, Conflict, DuepostError, InvalidSend, NotFound, Refused, TryLater, Unexpected
from duepost.intake import Door
from duepost.rules import Rules
from duepost.sends import Attachment, Channel, Kind, NewSend, Priority, Receipt, Reference
from duepost.standing import Event, Standing, Why
from duepost.statuses import Status

__all__ = [
    "Attachment",
    "Channel",
    "Client",
    "ConfigError",
    "Conflict",
    "Door",
    "DuepostError",
    "Event",
    "InvalidSend",
    "Kind",
    "NewSend",
    "NotFound",
    "Priority",
    "Receipt",
    "Reference",
    "Refused",
    "Rules",
    "Standing",
    "Status",
    "Taken",
    "TryLater",
    "Unexpected",
    "Why",
    "enqueue",
    "enqueue_many",
]
