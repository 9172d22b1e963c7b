"""The pages of the people of the house. They call what the staff JSON calls: no rule lives in a page."""

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from api.auth import public
from api.panel import auth, board, operation_commands, operations, search
from api.panel.errors import PanelRoute

router = APIRouter(prefix="/panel", include_in_schema=False, route_class=PanelRoute)


@router.get("", dependencies=[public("solo lleva a la primera página")])
async def home() -> RedirectResponse:
    """The panel begins at its board."""
    return RedirectResponse(auth.HOME, HTTPStatus.SEE_OTHER)


for part in (auth, board, search, operations, operation_commands):
    router.include_router(part.router)
