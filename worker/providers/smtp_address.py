"""How does an address go over the wire?"""

import re
from dataclasses import dataclass

import idna

from duepost.errors import InvalidSend

# smtplib takes "a@b,c@d" for its first address and lets a NUL pass, so nothing is left to it: no blank, no control
# character, nothing that ends or divides an address.
ADDRESS = re.compile(
    '([^\\s\x00-\x1f\x7f-\x9f\ud800-\udfff<>()\\[\\],;:\\\\"@]+)@([^\\s\x00-\x1f\x7f-\x9f\ud800-\udfff@]+)'
)
DOMAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?", re.ASCII | re.IGNORECASE)
LONGEST = 254  # octets, RFC 5321 4.5.3.1.3


@dataclass(frozen=True, slots=True)
class WireAddress:
    """An address fit for MAIL FROM and RCPT TO; `utf8` when only a server with SMTPUTF8 can take it."""

    address: str
    utf8: bool

    @property
    def domain(self) -> str:
        """In ASCII."""
        return self.address.rpartition("@")[2]


def wire_address(field: str, address: str) -> WireAddress:
    """The address with its domain in ASCII (IDNA), which every server takes, and its local part as it is.

    Raises: InvalidSend, naming the field, when it is not exactly one address.
    """
    parts = ADDRESS.fullmatch(address)
    if parts is None:
        raise InvalidSend(field, "is not one e-mail address", "write it as name@domain", address)
    local, domain = parts.groups()
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise InvalidSend(field, "has no domain name", "write the domain as its owner does", address) from None
    whole = f"{local}@{domain}"
    if not DOMAIN.fullmatch(domain) or len(whole.encode()) > LONGEST:
        raise InvalidSend(field, "has no domain name or is too long", "write it as name@domain", address)
    return WireAddress(whole, utf8=not local.isascii())
