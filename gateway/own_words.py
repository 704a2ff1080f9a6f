"""How does a dialect say in its own words what goes wrong, whatever it is?"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from gateway.bodies import body_of


class OwnWords(APIRoute):
    """An endpoint of a dialect, whose class says how an error is answered."""

    def answer(self, request: Request, error: Exception) -> Response:
        """The dialect's answer to what went wrong; `gateway.problems.noted` says what a caller may be told."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What FastAPI calls for a request."""
        usual = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await usual(request)
            except Exception as error:  # noqa: BLE001 - the last place where it can be said in the dialect's words
                return self.answer(request, error)

        return handle


async def _body(request: Request) -> bytes:
    return await body_of(request)


Body = Annotated[bytes, Depends(_body)]  # for plain endpoints: what JSON without documents needs
