"""Contract #1 and M8."""

from __future__ import annotations


async def test_the_web_and_the_mobile_read_the_same_pair_in_their_own_shapes(http, rates):
    web = (await http.get("/api/platform/public/exchange-rates")).json()
    mobile = (await http.get("/api/client/exchange-rates")).json()
    assert web["success"]
    assert (web["data"]["tipo_compra"], web["data"]["tipo_venta"]) == (3.401, 3.412)
    assert web["data"]["fecha_actualizacion"].endswith("-05:00")
    assert (mobile["rates"]["compra"], mobile["rates"]["venta"]) == (3.401, 3.412)
    assert all(isinstance(value, float) for value in (web["data"]["tipo_compra"], mobile["rates"]["venta"]))


async def test_before_a_rate_is_published_the_answer_is_json_that_says_so(http):
    answer = await http.get("/api/platform/public/exchange-rates")
    assert answer.status_code == 404
    assert answer.json()["success"] is False
    assert "tipo de cambio" in answer.json()["message"]
