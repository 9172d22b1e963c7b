"""Cloudinary's protocol on this machine: signed upload, destroy, download and delivery, files kept in a folder.

    python temporal-dev/files.py --port 8007 --data var/files --api-secret S

The real SDK works against it with `upload_prefix="http://127.0.0.1:<port>"` for uploads and, for delivery addresses,
`secure=False, cname="127.0.0.1:<port>"`. Failures: `500`, `timeout_before`, `timeout_after`, `slow`, for `operacion`
`upload`, `destroy` or `deliver`. See `standin.py`.

Besides, under `/lists/`, the restrictive lists that OFAC and the UN would publish (operation `lists`).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData, UploadFile

from files_signing import Cloud, Denied, check_delivery, check_request, sign_version
from files_store import Shelf, kind_of
from standin import Fault, Faults, Json, Store, application, arguments, serve

Call = Callable[[], Awaitable[Json | Response]]
LISTS = Path(__file__).parent / "lists"
PUBLISHED = ("SDN.CSV", "ALT.CSV", "ADD.CSV", "consolidated.xml")
FAILURES = ("500", "timeout_before", "timeout_after", "slow")
# Cloudinary signs everything of a request but these.
UNSIGNED = ("file", "cloud_name", "resource_type", "api_key", "signature")


class Api:
    """The routes of the upload API and of delivery."""

    def __init__(self, shelf: Shelf, cloud: Cloud, faults: Faults) -> None:
        """Serve `shelf` as the account `cloud`."""
        self.shelf = shelf
        self.cloud = cloud
        self.faults = faults

    async def upload(self, request: Request, cloud: str, resource_type: str) -> Json:
        """Keep a file under its public id; an earlier one is replaced unless `overwrite` is false."""
        async with request.form(max_part_size=16 * 1024 * 1024) as form:
            params = self._admit(form, cloud)
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Denied(400, "Missing required parameter - file")
            content = await file.read()
            kind = kind_of(content, resource_type)
            asset = self.shelf.keep(content, kind=kind, params=params, filename=file.filename or "file")
        return self._answer(asset)

    async def destroy(self, request: Request, cloud: str, resource_type: str) -> Json:
        """Forget a file; "not found" is an answer, not an error."""
        async with request.form() as form:
            params = self._admit(form, cloud)
        if "public_id" not in params:
            raise Denied(400, "Missing required parameter - public_id")
        gone = self.shelf.forget(resource_type, params.get("type", "upload"), params["public_id"])
        return {"result": "ok" if gone else "not found"}

    async def download(self, request: Request, cloud: str, resource_type: str) -> Response:
        """`private_download_url`: any file, for whoever holds a signed address that has not expired."""
        params = dict(request.query_params)
        check_request(
            self.cloud, {k: v for k, v in params.items() if k not in UNSIGNED}, cloud=cloud, credentials=params
        )
        name = params.get("public_id", "")
        wanted = f"{name}.{params['format']}" if params.get("format") else name
        return self._file(resource_type, params.get("type", "upload"), wanted)

    async def deliver(self, request: Request) -> Response:
        """A delivery address; of `authenticated` and `private` files only with its signature."""
        wanted = check_delivery(self.cloud, request.scope["raw_path"].decode())
        return self._file(*wanted)

    async def published(self, name: str) -> Response:
        """A list as it is published: the one that was put beside the files, else the house's invented one."""
        if name not in PUBLISHED:
            raise Denied(404, f"Resource not found - {name}")
        newer = self.shelf.folder.parent / "lists" / name
        return Response((newer if newer.exists() else LISTS / name).read_bytes(), media_type="application/octet-stream")

    async def tried(self, operation: str, call: Call) -> Response:
        """The answer of `call`, or the failure that was asked for."""
        fault = self.faults.take(operation)
        if fault and fault.failure in ("timeout_before", "slow"):
            await asyncio.sleep(fault.seconds)
        if fault and (status := {"500": 500, "down": 503, "timeout_before": 504}.get(fault.failure)):
            return _error(status, "General Error")
        return await self._finished(call, fault)

    async def _finished(self, call: Call, fault: Fault | None) -> Response:
        try:
            answer = await call()
        except Denied as denied:
            return _error(denied.status, str(denied))
        if fault and fault.failure == "timeout_after":
            await asyncio.sleep(fault.seconds)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    def _admit(self, form: FormData, cloud: str) -> dict[str, str]:
        """The parameters of a signed request. Raises Denied."""
        params: dict[str, str] = {}
        for name in dict.fromkeys(form):
            values = [value for value in form.getlist(name) if isinstance(value, str)]
            params[name.removesuffix("[]")] = ",".join(values)
        signed = {name: value for name, value in params.items() if name not in UNSIGNED}
        check_request(self.cloud, signed, cloud=cloud, credentials=params)
        return signed

    def _answer(self, asset: Json) -> Json:
        address = f"{self.cloud.base}/{self.cloud.name}/{asset['resource_type']}/{asset['type']}"
        name = asset["public_id"] + (f".{asset['format']}" if asset.get("format") else "")
        url = f"{address}/v{asset['version']}/{name}"
        signature = sign_version(self.cloud, asset["public_id"], asset["version"])
        return {**asset, "signature": signature, "url": url, "secure_url": url}

    def _file(self, resource_type: str, access: str, name: str) -> Response:
        found = self.shelf.find(resource_type, access, name)
        if found is None:
            raise Denied(404, f"Resource not found - {name}")
        content, media_type = found
        return Response(content, media_type=media_type, headers={"X-Content-Type-Options": "nosniff"})


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message}}, status_code=status, headers={"X-Cld-Error": message})


def build(store: Store, shelf: Shelf, cloud: Cloud) -> FastAPI:
    """The whole application."""
    faults = Faults(*FAILURES)
    api = Api(shelf, cloud, faults)
    app = application(store, lambda: store.all("upload"), faults=faults)

    @app.post("/v1_1/{cloud_name}/{resource_type}/upload")
    async def upload(request: Request, cloud_name: str, resource_type: str) -> Response:
        return await api.tried("upload", lambda: api.upload(request, cloud_name, resource_type))

    @app.post("/v1_1/{cloud_name}/{resource_type}/destroy")
    async def destroy(request: Request, cloud_name: str, resource_type: str) -> Response:
        return await api.tried("destroy", lambda: api.destroy(request, cloud_name, resource_type))

    @app.get("/v1_1/{cloud_name}/{resource_type}/download")
    async def download(request: Request, cloud_name: str, resource_type: str) -> Response:
        return await api.tried("deliver", lambda: api.download(request, cloud_name, resource_type))

    @app.get("/lists/{name}")
    async def published(name: str) -> Response:
        return await api.tried("lists", lambda: api.published(name))

    @app.get("/{path:path}")
    async def deliver(request: Request) -> Response:
        return await api.tried("deliver", lambda: api.deliver(request))

    return app


def cloud_from(options: argparse.Namespace) -> Cloud:
    """The account that the command line describes."""
    base = f"http://127.0.0.1:{options.port}"
    return Cloud(name=options.cloud, api_key=options.api_key, api_secret=options.api_secret, base=base)


def main() -> None:
    """Run until stopped."""
    parser = arguments("Archivos (protocolo de Cloudinary) en esta máquina")
    parser.add_argument("--cloud", default="qoricash-local")
    parser.add_argument("--api-key", default="local")
    parser.add_argument("--api-secret", required=True)
    options = parser.parse_args()
    store = Store(options.data, "files")
    serve(build(store, Shelf(store, options.data / "files"), cloud_from(options)), port=options.port)


if __name__ == "__main__":
    main()
