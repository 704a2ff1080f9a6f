"""Is a failure the provider's own, whatever was sent to it?"""

from worker.providers.port import Outcome
from worker.providers.smtp_verdicts import SESSION

CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED"

# Reasons that say nothing about the send: the next one would meet the same.
OUTAGES = frozenset(
    {
        "API_NOT_FOUND",
        "ASKED_IN_VAIN",
        "ANSWER_UNREADABLE",
        "CERTIFICATE_REFUSED",
        "CONNECTION_FAILED",
        "CONNECTION_LOST",
        "CONNECTION_REFUSED",
        "GARBAGE",
        "GATEWAY_LOST_IT",
        "HOST_NOT_FOUND",
        "LOGIN_NOT_OFFERED",
        "REDIRECTED",
        "SESSION_REFUSED",
        "TIMED_OUT",
        "TLS_FAILED",
        "TLS_NOT_OFFERED",
    }
)
# Reasons of our own: the provider was not called, or did not cause them. They say nothing about it.
OURS = frozenset(
    {
        "ADAPTER_FAILED",
        "ADDRESS_INVALID",
        "ADDRESS_MISSING",
        "CHANNEL_MISMATCH",
        "DOCUMENT_UNREADABLE",
        "FIELD_UNSAFE",
        "NOT_REPEATED",
        "TOKEN_FORGOTTEN",
    }
)
CLOSING = 421  # RFC 5321 4.2.1: service not available, closing transmission channel; at any stage
SESSIONS = frozenset(stage.value for stage in SESSION)


def is_outage(outcome: Outcome) -> bool:
    """True when the provider did not do its work: it cannot be reached, breaks off, or answers 5xx to everything."""
    reason = outcome.reason
    if reason.code in OUTAGES:
        return True
    if reason.values.get("smtp") == CLOSING:
        return True
    http = reason.values.get("http")
    server_error = isinstance(http, int) and http >= 500
    return reason.code == "TEMPORARY" and (server_error or reason.values.get("stage") in SESSIONS)
