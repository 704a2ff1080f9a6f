"""Which e-invoices of our own show what a schema and EN 16931's rules take and refuse?

Each is the sandbox's small invoice with one thing changed. Whoever has the network's published examples can have them
tried as well: EINVOICE_SAMPLES names a folder with OpenPEPPOL's `rules/examples` in `peppol-bis`.
"""

import os
from pathlib import Path

from sandbox.invoice_xml import invoice_xml, oioubl_xml

PUBLISHED = Path(os.environ.get("EINVOICE_SAMPLES", "samples")) / "peppol-bis"
SELLER = "<cbc:RegistrationName>Rent &amp; Pænt ApS</cbc:RegistrationName>"
CURRENCY = "<cbc:DocumentCurrencyCode>DKK</cbc:DocumentCurrencyCode>"
RATE = "<cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent>"
REASON = "<cbc:TaxExemptionReasonCode>vatex-eu-132</cbc:TaxExemptionReasonCode>"
DISCOUNT = """<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>
  <cbc:AllowanceChargeReasonCode>95</cbc:AllowanceChargeReasonCode><cbc:Amount currencyID="DKK">200.00</cbc:Amount>
  <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
  </cac:TaxCategory></cac:AllowanceCharge>
 <cac:TaxTotal>"""


def changed(*changes: tuple[str, str], content: bytes | None = None) -> bytes:
    """The invoice with each text in another's place."""
    text = (invoice_xml() if content is None else content).decode()
    for was, becomes in changes:
        assert was in text, was
        text = text.replace(was, becomes)
    return text.encode()


def _untaxed(category: str, reason: str = "") -> bytes:
    """At 0 %; the subtotal's category stands first, and only it has a reason."""
    free = changed(
        ("250.00</cbc:TaxAmount>", "0.00</cbc:TaxAmount>"),
        ("1250.00</cbc", "1000.00</cbc"),
        (RATE, f"<cbc:ID>{category}</cbc:ID><cbc:Percent>0</cbc:Percent>"),
    )
    percent = "<cbc:Percent>0</cbc:Percent>"
    return free.decode().replace(percent, percent + reason, 1).encode()


# name -> an e-invoice that keeps schema and rules
GOOD = {
    "invoice": invoice_xml(),
    "credit note": invoice_xml(kind="credit_note"),
    "oioubl": oioubl_xml(),
    "zero rated": _untaxed("Z"),
    "exempt": _untaxed("E", REASON),
    "taken back": changed(
        ("1000.00</cbc", "-1000.00</cbc"),
        ("250.00</cbc", "-250.00</cbc"),
        ("1-250.00</cbc", "-1250.00</cbc"),
        ('<cbc:InvoicedQuantity unitCode="EA">1<', '<cbc:InvoicedQuantity unitCode="EA">-1<'),
        ('<cbc:PriceAmount currencyID="DKK">-1000', '<cbc:PriceAmount currencyID="DKK">1000'),
    ),
    "discount": changed(
        (' <cac:TaxTotal><cbc:TaxAmount currencyID="DKK">250.00', f' {DISCOUNT}<cbc:TaxAmount currencyID="DKK">200.00'),
        ('<cbc:TaxableAmount currencyID="DKK">1000.00', '<cbc:TaxableAmount currencyID="DKK">800.00'),
        ('<cbc:TaxAmount currencyID="DKK">250.00', '<cbc:TaxAmount currencyID="DKK">200.00'),
        ('<cbc:TaxExclusiveAmount currencyID="DKK">1000.00', '<cbc:TaxExclusiveAmount currencyID="DKK">800.00'),
        (
            '<cbc:PayableAmount currencyID="DKK">1250.00',
            '<cbc:AllowanceTotalAmount currencyID="DKK">200.00</cbc:AllowanceTotalAmount>'
            '<cbc:PayableAmount currencyID="DKK">1000.00',
        ),
        ('<cbc:TaxInclusiveAmount currencyID="DKK">1250.00', '<cbc:TaxInclusiveAmount currencyID="DKK">1000.00'),
    ),
}
# name -> one that breaks UBL's schema
MISSHAPEN = {
    "order": changed((CURRENCY, ""), ("</cbc:BuyerReference>", f"</cbc:BuyerReference>{CURRENCY}")),
    "empty date": changed(("2026-07-30", "")),
    "unknown element": changed(("<cbc:BuyerReference>", "<cbc:Mood>good</cbc:Mood><cbc:BuyerReference>")),
}
# rule of EN 16931 -> one that keeps the schema and breaks it
UNRULY = {
    "BR-06": changed((SELLER, "")),
    "BR-CO-16": invoice_xml(payable="9.00"),
    "BR-CO-15": changed(('TaxInclusiveAmount currencyID="DKK">1250', 'TaxInclusiveAmount currencyID="DKK">1240')),
}
