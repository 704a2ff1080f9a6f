"""How does a send leave through Saphety's invoice network (SIN)?

Source: Saphety Invoice Network, Web API: Account/getToken, OutboundFinancialDocumentMaintenance/
sendAdditionalNotifications, OutboundFinancialDocument. The document lies there already. SIN has no idempotency key and
mails a repeat again, so nothing in doubt is repeated before its status was asked for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from duepost.features import Feature
from duepost.reasons import Reason
from duepost.statuses import Status
from worker.deadline import Deadline
from worker.http import Http
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import reference
from worker.providers.http_verdicts import CREDENTIALS, UNREADABLE, judge, outcome_of
from worker.providers.port import Job, Outcome, Verdict
from worker.providers.saphety_request import document_of, notification
from worker.providers.saphety_token import Tokens
from worker.providers.saphety_verdicts import (
    AT_WORK,
    BROKE_DOWN,
    NO_CONNECTION,
    NOT_CONNECTED,
    NOT_DELIVERED,
    NOT_TOLD_APART,
    envelope,
    of_document,
    of_errors,
    of_transitions,
)
from worker.providers.sms_port import check_url, hide

RENEWED = frozenset({401, 403})
UNHEARD = frozenset({501, 503, 505})  # 5xx of a server that did not begin


def _utc_now() -> datetime:
    return datetime.now(UTC)
