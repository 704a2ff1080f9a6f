"""Where does duepost listen for what SMS gateways and access points report?"""

from pydantic import Field

from config.account import Part


class Reports(Part):
    """The address of `python -m gateway`; a proxy with TLS stands before it where reports come from outside."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8087, ge=1, le=65535)
    threads: int = Field(default=8, ge=1, le=64, description="reports worked on at once")
