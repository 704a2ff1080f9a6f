"""What do access points and buyers answer? UBL, written out."""

from collections.abc import Sequence
from uuid import UUID

ID = UUID("019a9f3e-5c1d-7a3b-8d42-0123456789ab")
MLR = "urn:fdc:peppol.eu:poacc:trns:mlr:3"
MLS = "urn:peppol:edec:mls:1.0"
T111 = "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"
UBL = "urn:oasis:names:specification:ubl:schema:xsd"


def response(
    form: str = MLS,
    code: str = "AB",
    reasons: Sequence[str] = (),
    *,
    about: str = str(ID),
    before: str = "",
    issued: str = "<cbc:IssueDate>2026-11-26</cbc:IssueDate><cbc:IssueTime>08:00:00+01:00</cbc:IssueTime>",
) -> bytes:
    """An ApplicationResponse; `before` stands before its root."""
    status = "".join(f"<cac:Status><cbc:StatusReasonCode>{one}</cbc:StatusReasonCode></cac:Status>" for one in reasons)
    return f"""<?xml version="1.0" encoding="UTF-8"?>{before}
<ApplicationResponse xmlns="{UBL}:ApplicationResponse-2" xmlns:cac="{UBL}:CommonAggregateComponents-2"
 xmlns:cbc="{UBL}:CommonBasicComponents-2">
 <cbc:CustomizationID>{form}</cbc:CustomizationID>
 <cbc:ID>1</cbc:ID>{issued}
 <cac:DocumentResponse>
  <cac:Response><cbc:ResponseCode>{code}</cbc:ResponseCode>{status}</cac:Response>
  <cac:DocumentReference><cbc:ID>{about}</cbc:ID></cac:DocumentReference>
 </cac:DocumentResponse>
</ApplicationResponse>""".encode()
