"""Routes that answer people: whatever they raise is a page, a notice on the page, or the door to come in again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.errors import SignInNeeded
from api.pages.answers import HEADERS, answer, wants_fragment
from api.pages.refusals import problem_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route of a face; each face says whose pages act, what its door is, and how a refusal looks."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **about: Any) -> None:
        """A page is no part of the API that programs call, and so of none of its documentation."""
        super().__init__(path, endpoint, **about | {"include_in_schema": False})

    @abstractmethod
    async def same_page(self, request: Request) -> None:
        """An act comes from a page that we made for this very session. Raises Forbidden."""

    @abstractmethod
    def door(self, then: str = "") -> str:
        """The sign-in page, and where it leads afterwards."""

    @abstractmethod
    def dressed(self, request: Request, problem: dict[str, Any]) -> Response:
        """The API's own sentence, in the face's clothes."""

    def get_route_handler(self) -> Handler:
        """The handler, with the face's own answers to refusals and faults."""
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                await self.same_page(request)
                return await inner(request)
            except SignInNeeded as refused:
                return self._to_the_door(request, refused)
            except Exception as error:  # noqa: BLE001 - the API's own answers, which log what they must, in HTML
                return self.dressed(request, problem_of(request, error))
            finally:
                # The files of a form that a page read by itself: nobody else closes them.
                await request.close()

        return handled

    def _to_the_door(self, request: Request, refused: SignInNeeded) -> Response:
        """Back to the door, and from there to where the person was."""
        if wants_fragment(request):
            here = request.headers.get("hx-current-url", "")
            path = "/" + here.split("/", 3)[-1] if here.count("/") >= 3 else ""  # noqa: PLR2004 - scheme://host/path
            return answer("", status=refused.status, headers={"HX-Redirect": self.door(path)})
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(self.door(path if request.method == "GET" else ""), HTTPStatus.SEE_OTHER, HEADERS)
