"""Is this XML that can be read without danger?

No document type: no e-invoice needs one, and entities are what an XML bomb is made of.
"""

from lxml import etree

from duepost.errors import InvalidSend

FIELD = "Document"
DEPTH_LIMIT = 100  # elements within one another; a UBL invoice has about ten


def parse(content: bytes) -> etree._Element:
    """Its root. Raises: InvalidSend for Document when it is not well-formed, declares a DOCTYPE or nests too deep."""
    # libxml2 itself stops at 256 levels and at texts of 10 MB. A parser is one document's: threads share none.
    # Comments and processing instructions say nothing, and would cut an element's text in two.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as wrong:
        where = f"line {wrong.lineno or 1}"
        raise InvalidSend(FIELD, f"is not well-formed XML ({where})", "write the file anew") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidSend(FIELD, "has a DOCTYPE", "leave it out: an e-invoice has none")
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEPTH_LIMIT:
            raise InvalidSend(FIELD, f"nests more than {DEPTH_LIMIT} elements", "write the file anew")
    return root
