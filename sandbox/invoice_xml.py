"""What does a small e-invoice look like that keeps all rules: Peppol BIS Billing 3, EN 16931, UBL 2.1?

One line of 1,000 kr. and 25 % VAT, from a Danish company that does not exist to a receiver of your choice.
"""

from typing import Literal

PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
RECEIVER = "0088:5790000435975"
SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd"

PARTY = """<cac:Party>
   <cbc:EndpointID schemeID="{scheme}">{identifier}</cbc:EndpointID>
   <cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>
   <cac:PostalAddress><cbc:StreetName>Havnegade 1</cbc:StreetName><cbc:CityName>Odense</cbc:CityName>
    <cbc:PostalZone>5000</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DK</cbc:IdentificationCode></cac:Country>
   </cac:PostalAddress>{tax}
   <cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName>
    <cbc:CompanyID schemeID="0184">{company}</cbc:CompanyID></cac:PartyLegalEntity>
  </cac:Party>"""
TAX = """
   <cac:PartyTaxScheme><cbc:CompanyID>DK12345674</cbc:CompanyID>
    <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"""
CATEGORY = """<cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"""
DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="{schema}:{root}-2" xmlns:cac="{schema}:CommonAggregateComponents-2"
 xmlns:cbc="{schema}:CommonBasicComponents-2">{version}
 <cbc:CustomizationID>{customization}</cbc:CustomizationID>
 <cbc:ProfileID>{process}</cbc:ProfileID>
 <cbc:ID>{number}</cbc:ID>
 <cbc:IssueDate>2026-06-30</cbc:IssueDate>
 {type}
 <cbc:DocumentCurrencyCode>DKK</cbc:DocumentCurrencyCode>
 <cbc:BuyerReference>Indkøb 7</cbc:BuyerReference>
 <cac:AccountingSupplierParty>{supplier}</cac:AccountingSupplierParty>
 <cac:AccountingCustomerParty>{customer}</cac:AccountingCustomerParty>
 <cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>
  <cac:PayeeFinancialAccount><cbc:ID>DK5000400440116243</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>
 <cac:TaxTotal><cbc:TaxAmount currencyID="DKK">250.00</cbc:TaxAmount>
  <cac:TaxSubtotal><cbc:TaxableAmount currencyID="DKK">1000.00</cbc:TaxableAmount>
   <cbc:TaxAmount currencyID="DKK">250.00</cbc:TaxAmount>
   <cac:TaxCategory>{category}</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
 <cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="DKK">1000.00</cbc:LineExtensionAmount>
  <cbc:TaxExclusiveAmount currencyID="DKK">1000.00</cbc:TaxExclusiveAmount>
  <cbc:TaxInclusiveAmount currencyID="DKK">1250.00</cbc:TaxInclusiveAmount>
  <cbc:PayableAmount currencyID="DKK">{payable}</cbc:PayableAmount></cac:LegalMonetaryTotal>
 <cac:{root}Line><cbc:ID>1</cbc:ID>
  <cbc:{quantity} unitCode="EA">1</cbc:{quantity}>
  <cbc:LineExtensionAmount currencyID="DKK">1000.00</cbc:LineExtensionAmount>
  <cac:Item><cbc:Name>Cleaning in June</cbc:Name><cac:ClassifiedTaxCategory>{category}</cac:ClassifiedTaxCategory>
  </cac:Item><cac:Price><cbc:PriceAmount currencyID="DKK">1000.00</cbc:PriceAmount></cac:Price></cac:{root}Line>
</{root}>
"""


def invoice_xml(
    number: str = "1001",
    receiver: str = RECEIVER,
    *,
    kind: Literal["invoice", "credit_note"] = "invoice",
    customization: str = PEPPOL,
    process: str = PROCESS,
    version: str = "",
    payable: str = "1250.00",
) -> bytes:
    """The document. receiver: SCHEME:ID. version: UBLVersionID. payable: any other sum breaks rule BR-CO-16."""
    root = "Invoice" if kind == "invoice" else "CreditNote"
    quantity = "InvoicedQuantity" if kind == "invoice" else "CreditedQuantity"
    code, word = (380, "InvoiceTypeCode") if kind == "invoice" else (381, "CreditNoteTypeCode")
    due = "<cbc:DueDate>2026-07-30</cbc:DueDate>" if kind == "invoice" else ""  # UBL has none in a credit note
    scheme, _, identifier = receiver.partition(":")
    seller = {"scheme": "0184", "identifier": "DK12345674", "name": "Rent & Pænt ApS".replace("&", "&amp;")}
    buyer = {"scheme": scheme, "identifier": identifier, "name": "Odense Sogn"}
    text = DOCUMENT.format(
        root=root,
        schema=SCHEMA,
        version=version and f"\n <cbc:UBLVersionID>{version}</cbc:UBLVersionID>",
        customization=customization,
        process=process,
        number=number,
        type=f"{due}<cbc:{word}>{code}</cbc:{word}>",
        supplier=PARTY.format(**seller, tax=TAX, company="DK12345674"),
        customer=PARTY.format(**buyer, tax="", company="DK13585628"),
        category=CATEGORY,
        quantity=quantity,
        payable=payable,
    )
    return text.encode()


def oioubl_xml(number: str = "1001", receiver: str = "GLN:5790000435975") -> bytes:
    """The same by the names of OIOUBL 2; its own rules are not kept in full."""
    return invoice_xml(number, receiver, customization="OIOUBL-2.1", process="Procurement-BilSim-1.0", version="2.1")
