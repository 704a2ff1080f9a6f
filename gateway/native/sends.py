"""POST /v1/sends: how does one send come in?"""

import re
from hashlib import sha256

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from duepost.credentials import Scope
from duepost.errors import InvalidSend
from duepost.ledger.idempotency import LONGEST_KEY, Repeat
from gateway.bodies import JSON_LIMIT, body_of
from gateway.callers import Caller, caller_at_once
from gateway.native.shapes import IDEMPOTENCY_KEY, RECEIPT_EXAMPLE, RECEIPT_SCHEMA, SEND_EXAMPLE, SEND_SCHEMA, answers
from gateway.native.shapes import body as described
from gateway.problems import Problem, problem_of
from gateway.reading import read
from gateway.service import Service, service_of
from gateway.taking import ToTake
from gateway.telling import told

router = APIRouter(tags=["sends"])

SCOPE = "POST /v1/sends"
KEY = re.compile("[!-~]+")
sender = caller_at_once(Scope.SEND)
MOST_DOCUMENTS = 3  # of the largest size, in base64, in one body


@router.post(
    "/v1/sends",
    status_code=202,
    summary="Enqueue a send",
    openapi_extra={**described(SEND_SCHEMA, SEND_EXAMPLE), "parameters": [IDEMPOTENCY_KEY]},
    responses=answers(RECEIPT_SCHEMA, RECEIPT_EXAMPLE, 200, 202, problems=(400, 409, 413, 422)),
    response_class=Response,
)
async def enqueue(request: Request) -> Response:
    """Accepted when this answers 202: it is in the ledger. The same send again answers 200 and names the first."""
    service, caller = service_of(request), await sender(request)
    content = await body_of(request, limit_of(service))
    repeat = repeat_of(request, caller, SCOPE, content)
    small = len(content) <= JSON_LIMIT  # what is larger would keep everybody else waiting
    asked = read(content, caller.account) if small else await run_in_threadpool(read, content, caller.account)
    if asked.contents:
        try:
            asked = await run_in_threadpool(service.owners.kept, caller.account_id, asked)
        except InvalidSend as wrong:
            raise problem_of([wrong]) from None
    answer = await service.acceptor.accept(ToTake(caller.account_id, asked, told, repeat), small=small)
    return answer.response()


def limit_of(service: Service) -> int:
    """The largest body of a send, in bytes: some documents of the largest size, in base64."""
    return JSON_LIMIT + MOST_DOCUMENTS * service.door.documents.limit * 4 // 3


def repeat_of(request: Request, caller: Caller, scope: str, content: bytes) -> Repeat | None:
    """What the Idempotency-Key makes of the request. Raises: Problem 400 for a key that is none."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise Problem(400, f"Idempotency-Key has to be 1 to {LONGEST_KEY} visible ASCII characters")
    return Repeat(caller.account_id, scope, key, sha256(content).digest())
