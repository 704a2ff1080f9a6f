"""How does FarPay's dialect answer: in JSON or XML, and what is wrong as `code::text`?"""

from collections.abc import Mapping, Sequence

from fastapi import Request
from starlette.responses import Response

from gateway.farpay.written import written
from gateway.farpay.xml_form import write_xml
from gateway.own_words import OwnWords
from gateway.problems import Detail, Problem, id_of, noted

NOT_AUTHENTICATED, NOT_RECEIVED, NUMBER_USED = 9000, 10000, 10009
# HTTP status -> FarPay's code; where it has told none, the code is the HTTP status
CODES = {400: NOT_RECEIVED, 401: NOT_AUTHENTICATED, 413: NOT_RECEIVED}
UNKNOWN_ID = "Not found"

# our name of a field -> FarPay's, where it has another
FIELDS = {
    "Attachments": "PdfAttachments",
    "Document": "PdfInvoice",
    "Email": "Recepient.Email",
    "Filename": "PdfInvoice.Filename",
    "Gln": "Recepient.Gln",
    "Kind": "InvoiceTypeCode",
    "Name": "Recepient.Name",
    "Phone": "Recepient.ContactPhone",
}


def refused(text: str, code: int = NOT_RECEIVED, details: Sequence[Detail] = ()) -> Problem:
    """A 400."""
    return Problem(400, text, details, str(code))


def not_found() -> Problem:
    """The same for what is not there and for what is another account's."""
    return Problem(404, UNKNOWN_ID)


def wants_xml(headers: Mapping[str, str]) -> bool:
    """By Accept, whichever of the two it names first; else as the request came."""
    for wanted in (headers.get("accept", ""), headers.get("content-type", "")):
        first = {form: place for form in ("json", "xml") if (place := wanted.lower().find(form)) >= 0}
        if first:
            return min(first, key=first.__getitem__) == "xml"
    return False


def answer(
    request: Request, said: object, root: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """In the form that the client wants. root: the element that holds it in XML."""
    form, body = ("xml", write_xml(said, root)) if wants_xml(request.headers) else ("json", written(said).encode())
    return Response(body, status, headers, f"application/{form}; charset=utf-8")


def refusal(request: Request, error: Exception) -> Response:
    """What is wrong. Source: FarPay's `code::text`, and the superset that its Orders endpoint has."""
    problem = noted(id_of(request), error)
    correlation = str(request.scope.get("request_id", ""))
    status = 400 if problem.status == 422 else problem.status
    code = int(problem.type) if problem.type.isdecimal() else CODES.get(status, status)
    said = {
        "Message": f"{code}::{_text(problem)}",
        "CorrelationId": correlation,
        "Details": [_detail(one, code) for one in problem.details],
    }
    return answer(request, said, "Error", status, problem.headers)


class FarPay(OwnWords):
    """An endpoint of FarPay: whatever it or a dependency raises is answered in FarPay's words."""

    def answer(self, request: Request, error: Exception) -> Response:
        """As `refusal` says it."""
        return refusal(request, error)


def _text(problem: Problem) -> str:
    if problem.status != 422 or not problem.details:
        return problem.message
    return "; ".join(f"{_named(one)}: {one.hint}" if one.hint else _named(one) for one in problem.details)


def _detail(one: Detail, code: int) -> dict[str, object]:
    pairs = [{"Key": FIELDS.get(name, name), "Value": one.hint} for name in one.fields]
    return {"Code": str(code), "Message": _named(one), "Details": pairs}


def _named(one: Detail) -> str:
    """Its sentence, with the field's name as FarPay writes it."""
    for name in one.fields:
        if one.error.startswith(f"{name} "):
            return f"{FIELDS.get(name, name)}{one.error.removeprefix(name)}"
    return one.error
