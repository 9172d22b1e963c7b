"""Surnames that come in one field are told apart as people write them in Peru."""

import pytest

from domain.lookups import surnames


@pytest.mark.parametrize(
    ("together", "apart"),
    [
        ("QUISPE MAMANI", ("QUISPE", "MAMANI")),
        ("DE LA CRUZ QUISPE", ("DE LA CRUZ", "QUISPE")),
        ("QUISPE DE LA CRUZ", ("QUISPE", "DE LA CRUZ")),
        ("DEL CASTILLO VDA. DE ROJAS", ("DEL CASTILLO", "VDA. DE ROJAS")),
        ("SMITH", ("SMITH", "")),
        ("DE LA", ("DE LA", "")),
        ("", ("", "")),
    ],
)
def test_a_particle_belongs_to_the_surname_after_it(together, apart):
    assert surnames(together) == apart
