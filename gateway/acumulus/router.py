"""Where does Acumulus' dialect listen? `/acumulus/{tree}/invoices/invoice_mail.php`, whatever the tree's name."""

import asyncio
import logging

from fastapi import APIRouter, Request
from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from duepost.credentials import Scope
from duepost.errors import TryLater
from gateway.acumulus.answer import MEDIA_TYPES, Form, Said, response
from gateway.acumulus.mailing import mail_out
from gateway.acumulus.request import contract_of, mail_of, read, trial_of
from gateway.acumulus.words import Refusal, remark
from gateway.bodies import body_of
from gateway.callers import Caller
from gateway.problems import Problem, id_of, noted
from gateway.service import Service, service_of

log = logging.getLogger(__name__)

router = APIRouter(prefix="/acumulus", include_in_schema=False)

LIMIT = 1_000_000  # bytes of a request: it brings texts of some 10,000 characters, and no document
PATIENCE_SECONDS = 9.0  # clients wait 10 to 30
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
NOT_FOUND = "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"
TOO_MANY = "<html><head><title>429 Too Many Requests</title></head><body><h1>Too Many Requests</h1></body></html>"

_behind: set[asyncio.Task[Response]] = set()  # calls that outlasted their clients; kept, or they would be dropped


@router.api_route("/{tree}/invoices/invoice_mail.php", methods=["GET", "POST"])
async def invoice_mail(request: Request, tree: str) -> Response:  # noqa: ARG001 - stable, dev or any other
    """Mail an invoice or a reminder. What takes longer goes on, and the same call again is told of it."""
    asking = _Asking(request)
    task = asyncio.ensure_future(asking.answer())
    _behind.add(task)
    task.add_done_callback(_behind.discard)
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    return task.result() if done else asking.refused(Refusal(remark("DPAWAY")))


@router.api_route("/{rest:path}", methods=METHODS)
def no_script(rest: str) -> HTMLResponse:  # noqa: ARG001 - none of them is here
    """What Acumulus has and this gateway has not, as a web server says it."""
    return HTMLResponse(NOT_FOUND, 404)


class _Asking:
    """One request, from its bytes to its answer."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._service: Service = service_of(request)
        self._query = request.query_params
        wanted = self._query.get("format", "").strip().lower()
        self._form = Form(wanted if wanted in MEDIA_TYPES else "xml")

    async def answer(self) -> Response:
        """Always one in the dialect."""
        try:
            body = await body_of(self._request, LIMIT)
        except Problem as problem:
            words = remark("DPLARGE", limit=f"{LIMIT:,}") if problem.status == 413 else remark("DPFORM")
            answer = self.refused(Refusal(words))
            answer.headers["Connection"] = "close"  # the rest of the body is not read
            return answer
        return await run_in_threadpool(self._answer, body)

    def refused(self, refusal: Refusal) -> Response:
        """An error."""
        return self._response(Said(errors=[refusal.remark]))

    def _answer(self, body: bytes) -> Response:
        request_id = str(self._request.scope.get("request_id", ""))
        try:
            return self._response(self._said(body))
        except Refusal as refusal:
            return self.refused(refusal)
        except Problem as limited:  # too many requests: as the vendor's load balancer says it
            return HTMLResponse(TOO_MANY, limited.status, dict(limited.headers))
        except (TryLater, OSError) as away:
            log.warning("request %s: %s", request_id, type(away).__name__)
            return self.refused(Refusal(remark("DPAWAY")))
        except Exception as unforeseen:  # noqa: BLE001 - one shape for every error
            noted(id_of(self._request), unforeseen)
            return self.refused(Refusal(remark("DPTROUBLE", request_id=request_id)))

    def _said(self, body: bytes) -> Said:
        if "xmlfile" in self._query:
            raise Refusal(remark("DPXMLFILE"))
        if self._request.method == "GET":
            raise Refusal(remark("DPFORM"))
        headers = self._request.headers
        self._form, root = read(headers.get("content-type", ""), self._query.get("format"), body)
        if isinstance(root, Refusal):
            raise root
        caller = self._caller(root)
        trial = trial_of(root)
        return mail_out(self._service, caller, mail_of(root), headers.get("idempotency-key"), trial=trial)

    def _caller(self, root: etree._Element) -> Caller:
        """Raises: Refusal 403; Problem 429."""
        contract = contract_of(root)
        login = f"{contract.code}/{contract.user}"
        caller = self._service.keyring.caller_of_login("acumulus", login, contract.password)
        if caller is None:
            raise Refusal(remark("DPLOGIN"))
        self._service.limits.take(caller.key_id)
        if Scope.SEND not in caller.scopes:
            raise Refusal(remark("A8N403GCN"))
        return caller

    def _response(self, said: Said) -> Response:
        return response(said, self._form, errors_as_200=self._service.settings.gateway.errors_as_200)
