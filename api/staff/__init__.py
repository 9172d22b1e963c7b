"""The JSON of the people of the house. Every route names the permission that it needs."""

from fastapi import APIRouter

from api.staff import auth, cases, clients, codec, operation_commands, operations, rates, users

router = APIRouter(prefix="/api/staff")
for part in (auth, operations, operation_commands, rates, clients, users, codec, cases):
    router.include_router(part.router)
