"""Does a PDF open, and how many pages does it have?"""

from io import BytesIO

import pikepdf

from duepost.errors import InvalidSend

MOST_MENDED = 50_000  # objects of a damaged PDF; ten megabytes of nothing but `1 0 obj` would take 4 s


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


def opens(content: bytes) -> bool:
    """True for a PDF that a reader shows, mended where it can be: it has a page, or wants a password."""
    if content.count(b" obj") > MOST_MENDED:
        return False
    try:
        with pikepdf.open(BytesIO(content)) as pdf:
            return len(pdf.pages) > 0
    except pikepdf.PasswordError:
        return True
    except pikepdf.PdfError:
        return False
