"""What does a door check of an e-invoice before it takes it?"""

from duepost.einvoice.look import look_at
from duepost.einvoice.wellformed import parse
from duepost.einvoice.xsd import check_schema, installed
from duepost.rules import Rules


def check_document(content: bytes, to_address: str | None, rules: Rules) -> tuple[str, ...]:
    """Warnings for the caller; the schema is looked at where the extra `einvoice` is installed.

    OIOUBL is UBL 2.0 with extensions of its own that keep 2.1's schema as well; it is checked by it.

    Raises: InvalidSend for Document when it cannot travel as an e-invoice.
    """
    root = parse(content)
    found = look_at(root, to_address, rules.gln_check)
    if installed():
        check_schema(root, found.kind)
    return found.warnings
