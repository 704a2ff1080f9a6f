"""Is a reference that comes back from outside one of ours?

A provider gets `TOKEN.SIGNATURE` and says it again in its report. The signature is the first 128 bits of an
HMAC-SHA256, in 32 hexadecimal digits, over what the reference is for and the token: one signed for one purpose opens no
other. Source: RFC 2104; NIST SP 800-107 5.3.4 on truncation.
"""

import hmac

SIGNATURE_BYTES = 16


def sign(token: str, key: str, context: str) -> str:
    """`TOKEN.SIGNATURE`. context: what it is for.

    Raises: ValueError for an empty key.
    """
    return f"{token}.{_signature(token, key, context)}"


def verify(signed: str, key: str, context: str) -> str | None:
    """The token, None when the signature is not ours; takes the same time for every wrong one of its length."""
    token, _, signature = signed.rpartition(".")
    ours = _signature(token, key, context)
    same = hmac.compare_digest(ours.encode(), signature.encode(errors="replace"))
    return token if token and same else None


def report_context(account: str) -> str:
    """The context of what the reports of this provider account refer to."""
    return f"report/{account}"


def _signature(token: str, key: str, context: str) -> str:
    if not key:
        raise ValueError("an empty key signs nothing")
    # Neither a context nor a token holds a NUL, so no two pairs make the same message.
    message = f"{context}\0{token}".encode(errors="surrogatepass")
    return hmac.digest(key.encode(), message, "sha256")[:SIGNATURE_BYTES].hex()
