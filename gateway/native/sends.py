"""POST /v1/sends: how does one send come in?"""

import json
import re
from hashlib import sha256

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from duepost.credentials import Scope
from duepost.errors import InvalidSend
from duepost.ledger.idempotency import LONGEST_KEY, Repeat
from duepost.sends import Receipt
from gateway.asked import Asked, Asker, wrong_names
from gateway.bodies import JSON_LIMIT, body_of, object_of
from gateway.callers import Caller, caller_at_once
from gateway.native.shapes import IDEMPOTENCY_KEY, RECEIPT_EXAMPLE, RECEIPT_SCHEMA, SEND_EXAMPLE, SEND_SCHEMA, answers
from gateway.native.shapes import body as described
from gateway.problems import Problem, problem_of
from gateway.service import Service, service_of
from gateway.taking import Answer, ToTake

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
    asked = read(content, caller) if small else await run_in_threadpool(read, content, caller)
    if asked.contents:
        try:
            asked = await run_in_threadpool(service.owners.kept, caller.account_id, asked)
        except InvalidSend as wrong:
            raise problem_of([wrong]) from None
    answer = await service.acceptor.accept(ToTake(caller.account_id, asked, told, repeat))
    return answer.response()


def limit_of(service: Service) -> int:
    """The largest body of a send, in bytes: some documents of the largest size, in base64."""
    return JSON_LIMIT + MOST_DOCUMENTS * service.door.documents.limit * 4 // 3


def read(content: bytes, caller: Caller, asker: Asker | None = None) -> Asked:
    """The send that a JSON object asks for. Raises: Problem that names every wrong name."""
    row = object_of(content)
    try:
        return (asker or Asker(caller.account)).asked(row)
    except InvalidSend as first:
        raise problem_of(wrong_names(row, caller.account) or [first]) from None


def repeat_of(request: Request, caller: Caller, scope: str, content: bytes) -> Repeat | None:
    """What the Idempotency-Key makes of the request. Raises: Problem 400 for a key that is none."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise Problem(400, f"Idempotency-Key has to be 1 to {LONGEST_KEY} visible ASCII characters")
    return Repeat(caller.account_id, scope, key, sha256(content).digest())


def told(receipt: Receipt) -> Answer:
    """The answer to an enqueue; a duplicate's is 200."""
    return Answer(200 if receipt.duplicate else 202, json.dumps(receipt_to_json(receipt)).encode())


def receipt_to_json(receipt: Receipt) -> dict[str, object]:
    """As the API tells it: due_at is the resolved instant in UTC, None when nothing more happens by itself."""
    return {
        "id": str(receipt.id),
        "status": int(receipt.status),
        "status_name": receipt.status.label,
        "due_at": receipt.due_at.isoformat() if receipt.due_at else None,
        "duplicate_of": str(receipt.id) if receipt.duplicate else None,
        "segments": receipt.units,
        "encoding": receipt.encoding,
        "warnings": list(receipt.warnings),
        "also": [receipt_to_json(one) for one in receipt.also],
    }
