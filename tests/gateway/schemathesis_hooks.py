"""How does Schemathesis write a batch? It knows no NDJSON of its own."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """The text that was made up, as a row's invoice number and as a line of its own."""
    row = json.dumps({"Channel": "email", "ToAddress": "a@example.com", "InvoiceNumber": value})
    return f"{row}\n{value}\n".encode(errors="replace")
