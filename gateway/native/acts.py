"""POST /v1/sends/{id}/…: what may a billing app do to its sends?"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from duepost.errors import InvalidSend
from duepost.fields import NAME_LIMIT, line, string
from duepost.ledger import acts
from duepost.ledger.doubt import Finding
from duepost.ledger.listing import send_of
from duepost.ledger.resending import UNKNOWN, resend
from duepost.ledger.why import why
from duepost.rows import ANY_SPELLING
from gateway.bodies import body_of, object_of
from gateway.callers import Caller, Operator
from gateway.native.lists import cutoffs_of
from gateway.native.sends import repeat_of
from gateway.native.shapes import IDEMPOTENCY_KEY, TEXT, answers
from gateway.native.shapes import body as described
from gateway.native.telling import SEND_EXAMPLE, SEND_SCHEMA, send_id_of, send_to_json
from gateway.once import once
from gateway.problems import Problem, problem_of, unknown
from gateway.service import Service, service_of
from gateway.taking import Answer

router = APIRouter(tags=["acts"])

LONGEST_REASON = 500  # characters, as on the command line
AS = "use sent, not-sent or send-again"


@dataclass(frozen=True, slots=True)
class Act:
    """done: how the sentence ends that says it cannot be. fields: what its body has beside `reason`."""

    name: str
    done: str
    summary: str
    run: Callable[..., list[UUID]]
    fields: tuple[str, ...] = ()


def _settle(connection: Connection, account_id: int, ids: list[UUID], *, found: Finding, **by: str) -> list[UUID]:
    return acts.settle(connection, account_id, ids, found, reason=by["reason"], actor=by["actor"])


ACTS = (
    Act("cancel", "cancelled", "Cancel what surely has not left: 9999", acts.cancel),
    Act("hold", "held", "Hold what waits: 110", acts.hold),
    Act("release", "released", "Let go what is held: 100, at its time", acts.let_go),
    Act("retry", "retried", "Try again now what no provider has accepted: 100", acts.retry_now),
    Act("settle", "settled", "Say what became of a send of unknown outcome", _settle, ("as",)),
)


def _endpoint(act: Act) -> Callable[..., Any]:
    async def endpoint(request: Request, caller: Operator, send_id: str) -> Response:
        content = await body_of(request)
        said = _said(object_of(content), act.fields)
        more = {"found": _finding(said)} if "as" in act.fields else {}

        one = send_id_of(send_id)

        def run(service: Service, connection: Connection) -> Answer:
            by = {"reason": said["reason"], "actor": caller.actor, **more}
            if not act.run(connection, caller.account_id, [one], **by):
                reasons = why(connection, caller.account_id, one, cutoffs=cutoffs_of(service.settings))
                if reasons is None:
                    raise unknown("send")
                raise Problem(409, f"the send cannot be {act.done}: {reasons.sentence}")
            return _told(connection, caller, one, 200)

        return await _once(request, caller, content, f"POST /v1/sends/{one}/{act.name}", run)

    return endpoint


for _act in ACTS:
    router.add_api_route(
        f"/v1/sends/{{send_id}}/{_act.name}",
        _endpoint(_act),
        methods=["POST"],
        name=f"{_act.name}_send",
        summary=_act.summary,
        openapi_extra={
            **described(
                {
                    "type": "object",
                    "required": ["reason", *_act.fields],
                    "properties": {
                        "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
                        **{name: {"enum": [one.value for one in Finding]} for name in _act.fields},
                    },
                },
                {"reason": "the customer asked for it", **dict.fromkeys(_act.fields, Finding.SENT.value)},
            ),
            "parameters": [IDEMPOTENCY_KEY],
        },
        responses=answers(SEND_SCHEMA, SEND_EXAMPLE, 200, problems=(400, 404, 409, 413, 422)),
        response_class=Response,
    )


@router.post(
    "/v1/sends/{send_id}/resend",
    status_code=201,
    summary="Send once more what has ended, as a new send",
    openapi_extra={
        **described(
            {
                "type": "object",
                "required": ["reason"],
                "properties": {
                    "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
                    "to_address": TEXT,
                },
            },
            {"reason": "it never came", "to_address": "accounts@customer.dk"},
        ),
        "parameters": [IDEMPOTENCY_KEY],
    },
    responses=answers(SEND_SCHEMA, SEND_EXAMPLE, 201, problems=(400, 404, 409, 413, 422)),
    response_class=Response,
)
async def resend_send(request: Request, caller: Operator, send_id: str) -> Response:
    """The same documents and words, to the same address or another; answers the new send, whose resend_of is this one.

    Asked twice it makes two, unless both come with one Idempotency-Key.
    """
    content = await body_of(request)
    said = _said(object_of(content), ("to_address",))
    one = send_id_of(send_id)

    def run(service: Service, connection: Connection) -> Answer:
        made = resend(
            connection,
            caller.account_id,
            one,
            reason=said["reason"],
            actor=caller.actor,
            rules=service.door.rules,
            to_address=said.get("to_address"),
        )
        if made.id is None:
            raise unknown("send") if made.why_not == UNKNOWN else Problem(409, f"it is not sent again: {made.why_not}")
        return _told(connection, caller, made.id, 201)

    return await _once(request, caller, content, f"POST /v1/sends/{one}/resend", run)


async def _once(
    request: Request, caller: Caller, content: bytes, scope: str, run: Callable[[Service, Connection], Answer]
) -> Response:
    """Do it in one transaction, and under one Idempotency-Key once; a twin that is under way is told of at once."""
    repeat = repeat_of(request, caller, scope, content)
    service = service_of(request)
    answer = await run_in_threadpool(once, service, repeat, partial(run, service), same_body=True, patience=0)
    return answer.response()


def _told(connection: Connection, caller: Caller, send_id: UUID, status: int) -> Answer:
    found = send_of(connection, caller.account_id, send_id)
    if found is None:
        raise unknown("send")
    return Answer(status, json.dumps(send_to_json(found)).encode())


def _said(given: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, str]:
    """What the body says, by the names of this page. Raises: Problem 422 that names every wrong field."""
    known = {name.replace("_", ""): name for name in ("reason", *fields)}
    said: dict[str, str] = {}
    wrong: list[InvalidSend] = []
    for name, value in given.items():
        field = known.get(name.translate(ANY_SPELLING).lower())
        if field is None or field in said:
            how = "is not known" if field is None else "is given twice"
            wrong.append(InvalidSend(name[:NAME_LIMIT], how, f"use each of {', '.join(known.values())} once"))
        elif value is not None:
            try:
                text = string(field, value) if field == "to_address" else line(field, value, LONGEST_REASON)
            except InvalidSend as one:
                wrong.append(one)
            else:
                said.update({field: text} if text else {})
    if "reason" not in said and not any(one.field == "reason" for one in wrong):
        wrong.append(InvalidSend("reason", "is missing", "say why; it is kept with who and when"))
    if wrong:
        raise problem_of(wrong)
    return said


def _finding(said: Mapping[str, str]) -> Finding:
    try:
        return Finding(said.get("as", ""))
    except ValueError:
        how = "is not known" if "as" in said else "is missing"
        raise InvalidSend("as", how, AS, said.get("as")) from None
