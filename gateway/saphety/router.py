"""Which calls of SIN's are there?"""

from fastapi import APIRouter

from gateway.saphety import login, notify, reading

router = APIRouter()
for part in (login, notify, reading):
    router.include_router(part.router)
