"""Which small documents do tests deliver?"""

import struct


def pdf_with(comment: bytes = b"") -> bytes:
    """A PDF of one empty page, valid to the last offset; the comment, of one line, makes it another document."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
    )
    made = b"%PDF-1.7\n" + (b"%" + comment + b"\n" if comment else b"")
    table = b"0000000000 65535 f \n"
    for number, one in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(made)
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    trailer = b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + b"xref\n0 4\n" + table + trailer


PDF = pdf_with()


def jpeg(within: bytes = b"") -> bytes:
    """The frame of a JPEG picture; within: what its comment says."""
    return b"\xff\xd8\xff\xfe" + struct.pack(">H", 2 + len(within)) + within + b"\xff\xd9"


def tiff(strips: int = 1, order: str = "<") -> bytes:
    """A TIFF picture of 8 grey points in a row, of so many rows; its strips, one a row, lie at the end."""
    directory = 8 + 2 + 12 * 6 + 4
    tables = 8 * strips if strips > 1 else 0
    starts = [directory + tables + 8 * row for row in range(strips)]
    offsets, lengths = (starts[0], 8) if strips == 1 else (directory, directory + 4 * strips)
    entries = [(256, 1, 8), (257, 1, strips), (262, 1, 1), (273, strips, offsets), (278, 1, 1), (279, strips, lengths)]
    made = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    made += b"".join(struct.pack(f"{order}HHII", tag, 4, many, value) for tag, many, value in entries) + bytes(4)
    if strips > 1:
        made += struct.pack(f"{order}{2 * strips}I", *starts, *[8] * strips)
    return made + bytes(8 * strips)
