"""How many pages does a document have?"""

from io import BytesIO

import pikepdf

from duepost.errors import InvalidSend


def pages_of(content: bytes) -> int:
    """Of a PDF that can be printed. Raises: InvalidSend for Document when it cannot be opened or has none."""
    try:
        with pikepdf.open(BytesIO(content)) as pdf:
            pages = len(pdf.pages)
    except pikepdf.PasswordError:
        raise InvalidSend("Document", "is a PDF with a password", "make it without one") from None
    except pikepdf.PdfError:
        raise InvalidSend("Document", "is a PDF that cannot be opened", "make it anew") from None
    if not pages:
        raise InvalidSend("Document", "is a PDF without pages", "make it anew")
    return pages
