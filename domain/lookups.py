"""What RENIEC and SUNAT say of a document, as the house reads it from whichever provider answers."""

from __future__ import annotations

from dataclasses import dataclass

# Words that belong to the surname that follows them: «DE LA CRUZ QUISPE» has two surnames, not four.
_JOINED = frozenset({"DE", "DEL", "LA", "LAS", "LOS", "SAN", "SANTA", "VDA", "VIUDA", "DA", "DI", "VAN", "VON", "Y"})


@dataclass(frozen=True, kw_only=True)
class Person:
    """Names of the holder of a DNI."""

    given_names: str
    paternal_surname: str
    maternal_surname: str


@dataclass(frozen=True, kw_only=True)
class Company:
    """A taxpayer by its RUC. `state` (`ACTIVO`, `BAJA…`) and `condition` (`HABIDO`, …) are SUNAT's own words."""

    name: str
    address: str
    department: str
    province: str
    district: str
    state: str
    condition: str


def surnames(together: str) -> tuple[str, str]:
    """The paternal and the maternal surname of a text that holds both: particles go with the word after them.

    `DE LA CRUZ QUISPE` is `DE LA CRUZ` and `QUISPE`. A single surname has no second one; more than two words after the
    first surname are all the second one.
    """
    words = together.split()
    end = 0
    while end < len(words) and words[end].upper().rstrip(".") in _JOINED:
        end += 1
    end = min(end + 1, len(words))
    return " ".join(words[:end]), " ".join(words[end:])
