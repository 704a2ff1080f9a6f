"""How does the HTML of a notification read as plain text, which is what a send's note is?"""

import re
from html import unescape
from html.parser import HTMLParser

UNSEEN = frozenset({"head", "script", "style", "template", "title"})
LINES = frozenset(
    {
        "address",
        "blockquote",
        "br",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "table",
        "tr",
        "ul",
    }
)
PARAGRAPHS = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "table", "ul"})
TAG = re.compile(r"</?[A-Za-z][^<>]*>")
MOST_ODD = 200  # of what begins like a tag and is none, comments among them: for each the parser looks through the rest
BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0
        self._link: tuple[str, int] | None = None  # none lies within another

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        if tag == "body":
            self._unseen = 0  # the end of a head may be left out
        self._break(tag)
        if tag == "li":
            self.pieces.append("- ")
        if tag == "td":
            self.pieces.append(" ")
        if tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self.pieces))

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN and self._unseen:
            self._unseen -= 1
        if tag != "br":
            self._break(tag)
        if tag == "a" and self._link:
            (address, start), self._link = self._link, None
            if address.startswith(("http://", "https://")) and address not in "".join(self.pieces[start:]):
                self.pieces.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(BLANKS.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag in PARAGRAPHS:
            self.pieces.append("\n\n")
        elif tag == "br" or (tag in LINES and self.pieces and not self.pieces[-1].endswith("\n")):
            self.pieces.append("\n")


def plain(html: str) -> str:
    """Its text; blocks on lines of their own, the address of a link behind its words.

    What is hardly HTML loses its tags alone.
    """
    if html.count("<") - len(TAG.findall(html)) > MOST_ODD:
        text = unescape(TAG.sub("\n", html))
    else:
        reader = _Reader()
        reader.feed(html)
        reader.close()
        text = "".join(reader.pieces)
    lines = [BLANKS.sub(" ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
