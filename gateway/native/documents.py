"""POST /v1/documents: how does a document come in ahead of the sends that name it?"""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from gateway.bodies import body_of
from gateway.callers import Sender
from gateway.native.shapes import answers
from gateway.service import service_of

router = APIRouter(tags=["documents"])

SCHEMA = {
    "type": "object",
    "required": ["document", "media_type", "size"],
    "properties": {
        "document": {"type": "string", "description": "what a send names it by"},
        "media_type": {"type": "string"},
        "size": {"type": "integer", "description": "bytes"},
    },
}
EXAMPLE = {"document": "sha256:" + "0a" * 32, "media_type": "application/pdf", "size": 48213}
BODY = {"schema": {"type": "string", "format": "binary"}}


@router.post(
    "/v1/documents",
    status_code=201,
    summary="Upload a document",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": BODY}}},
    responses=answers(SCHEMA, EXAMPLE, 201, problems=(400, 413, 422)),
)
async def upload(request: Request, caller: Sender) -> JSONResponse:
    """The file's bytes as the body. Its kind is told by its content; the same content is kept once."""
    service = service_of(request)
    content = await body_of(request, service.door.documents.limit)
    stored = await run_in_threadpool(service.owners.keep, caller.account_id, content)
    told = {"document": f"sha256:{stored.sha256.hex()}", "media_type": stored.media_type, "size": stored.size}
    return JSONResponse(told, 201)
