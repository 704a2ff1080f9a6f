"""Which page of how many is this?"""

from typing import Any

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from duepost.invoice_font import Font

SIZE = 8.0  # points
TITLE_WITHIN = 400.0  # points, of the 480 beside the number


def numbered(letters: Font, title: str, margin: float, colour: Color) -> type[Canvas]:
    """A canvas that writes `1/3` at each page's foot, and the title where there is more than one."""

    class Numbered(Canvas):  # type: ignore[misc]  # reportlab has no types
        """Keeps its pages until their number is known."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for place, page in enumerate(self._kept, 1):
                self.__dict__.update(page)
                self.setFont(letters.regular, SIZE)
                self.setFillColor(colour)
                self.drawRightString(A4[0] - margin, margin / 2, f"{place}/{len(self._kept)}")
                if len(self._kept) > 1 and self.stringWidth(title, letters.regular, SIZE) < TITLE_WITHIN:
                    self.drawString(margin, margin / 2, title)
                super().showPage()
            super().save()

    return Numbered
