"""What broke, in one word?"""

import http.client
import smtplib
import socket
import ssl

from worker.deadline import TooMuchSaid

CERTIFICATE_REFUSED = "CERTIFICATE_REFUSED"
CONNECTION_LOST = "CONNECTION_LOST"

# exception -> a reason's code; the first that fits
WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "TIMED_OUT"),
    (socket.gaierror, "HOST_NOT_FOUND"),
    (ConnectionRefusedError, "CONNECTION_REFUSED"),
    (ConnectionError, CONNECTION_LOST),  # http.client.RemoteDisconnected is one
    (smtplib.SMTPServerDisconnected, CONNECTION_LOST),
    (ssl.SSLCertVerificationError, CERTIFICATE_REFUSED),
    (ssl.SSLEOFError, CONNECTION_LOST),
    (ssl.SSLError, "TLS_FAILED"),
    (http.client.IncompleteRead, CONNECTION_LOST),
    (http.client.HTTPException, "GARBAGE"),
    (smtplib.SMTPResponseException, "GARBAGE"),  # "Line too long"; a reply that can be read is never raised here
    (TooMuchSaid, "GARBAGE"),
)
OTHERWISE = "CONNECTION_FAILED"


def root(error: BaseException) -> BaseException:
    """The network's own exception inside what smtplib, requests or urllib3 raised for it."""
    deepest = error
    inner: BaseException | None = error
    while inner is not None:
        # http.client raises its BadStatusLine for a ValueError, which says less.
        if isinstance(inner, OSError | http.client.HTTPException):
            deepest = inner
        inner = inner.__cause__ or (None if inner.__suppress_context__ else inner.__context__)
    return deepest


def word(error: BaseException) -> str:
    """A reason's code for a connection that could not be made or did not hold."""
    cause = root(error)
    return next((code for kind, code in WORDS if isinstance(cause, kind)), OTHERWISE)
