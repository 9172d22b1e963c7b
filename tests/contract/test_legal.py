"""Contract M21."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("path", "title"), [("terms", "Términos del servicio"), ("privacy", "Política de privacidad")])
async def test_the_legal_pages_open_in_a_browser(http, path, title):
    answer = await http.get(f"/legal/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert f"<h1>{title}</h1>" in answer.text
    assert '<html lang="es-PE">' in answer.text
