"""Which keys open this account?"""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from duepost.credentials import Scope
from duepost.errors import InvalidSend
from duepost.fields import required
from duepost.ledger.engine import answered
from duepost.ledger.keys import TEST_SUFFIX, Key, add_key, keys_of, revoke
from gateway.bodies import body_of, object_of
from gateway.callers import Administrator, Caller
from gateway.native.shapes import answers
from gateway.native.shapes import body as described
from gateway.problems import problem_of, unknown
from gateway.service import Service, service_of

router = APIRouter(tags=["keys"])

EXAMPLE = {
    "key": "dp_live_Ab3dEf6h",
    "name": "billing",
    "kind": "live",
    "scopes": ["read", "send"],
    "created_at": "2026-11-26T08:00:00+00:00",
    "used_at": None,
    "revoked_at": None,
}
SCHEMA = {"type": "object", "required": list(EXAMPLE), "properties": {name: {} for name in EXAMPLE}}
NEW_SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 64},
        "scopes": {"type": "array", "items": {"enum": [scope.value for scope in Scope]}},
    },
    "additionalProperties": False,
}
LIST_SCHEMA = {"type": "object", "required": ["keys"], "properties": {"keys": {"type": "array", "items": SCHEMA}}}
MADE_SCHEMA = {"type": "object", "required": ["key", "secret"], "properties": {"key": {}, "secret": {}}}


@router.get("/v1/keys", summary="List keys", responses=answers(LIST_SCHEMA, {"keys": [EXAMPLE]}, 200))
def list_keys(request: Request, caller: Administrator) -> JSONResponse:
    """All of the account, revoked ones too."""
    with answered(), service_of(request).engine.begin() as connection:
        found = [one for one in keys_of(connection, caller.account) if one.account_id == caller.account_id]
    return JSONResponse({"keys": [_to_json(one) for one in found]})


@router.post(
    "/v1/keys",
    status_code=201,
    summary="Make a key",
    openapi_extra=described(NEW_SCHEMA, {"name": "billing", "scopes": ["send", "read"]}),
    responses=answers(
        MADE_SCHEMA, {"key": "dp_live_Ab3dEf6h", "secret": "dp_live_Ab3dEf6h_…"}, 201, problems=(400, 409, 413, 422)
    ),
)
async def make_key(request: Request, caller: Administrator) -> JSONResponse:
    """Of the caller's account and kind. The secret is told here alone. Two keys of one name may open at once."""
    asked = object_of(await body_of(request))
    return await run_in_threadpool(_make, service_of(request), caller, asked)


@router.delete(
    "/v1/keys/{key:path}",
    status_code=204,
    summary="Revoke a key",
    responses=answers(SCHEMA, EXAMPLE, problems=(404,)),
    response_class=Response,
)
def revoke_key(request: Request, caller: Administrator, key: str) -> Response:
    """It opens nothing more within five seconds. `key` is its beginning, as the list shows it."""
    with answered(), service_of(request).engine.begin() as connection:
        done = "\0" not in key and revoke(
            connection, key, account_id=caller.account_id, reason="by the API", actor=caller.actor
        )
    if not done:
        raise unknown("key")
    return Response(status_code=204)


def _make(service: Service, caller: Caller, asked: dict[str, object]) -> JSONResponse:
    extra = sorted(set(asked) - {"name", "scopes"})
    if extra:
        raise problem_of([InvalidSend(name, "is not known", "use name, scopes") for name in extra])
    scopes = asked.get("scopes", [Scope.SEND, Scope.READ])
    if not isinstance(scopes, list) or not scopes or not set(map(str, scopes)) <= set(Scope):
        raise InvalidSend("scopes", "are not known", f"use a list of {', '.join(Scope)}")
    name = required("name", asked.get("name"))
    account = caller.account.removesuffix(TEST_SUFFIX) if caller.kind == "test" else caller.account
    with answered(), service.engine.begin() as connection:
        made = add_key(
            connection,
            account,
            name=name,
            scopes=[Scope(str(one)) for one in scopes],
            kind=caller.kind,
            actor=caller.actor,
        )
    return JSONResponse({"key": made.lookup, "secret": made.secret}, 201)


def _to_json(key: Key) -> dict[str, object]:
    return {
        "key": key.shown,
        "name": key.name,
        "kind": key.kind,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "used_at": key.used_at.isoformat() if key.used_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
