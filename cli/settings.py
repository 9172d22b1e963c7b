"""What is wrong with the configuration, said by the names of the variables."""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_settings import BaseSettings


def complaints(error: ValidationError) -> list[str]:
    """One Spanish sentence per variable that is missing or wrong; its value is never repeated (it may be a secret)."""
    prefix = next((cls.model_config["env_prefix"] for cls in _settings_classes() if cls.__name__ == error.title), "")
    return [
        _sentence(item["type"], item["loc"], item["msg"], str(prefix)) for item in error.errors(include_input=False)
    ]


def _sentence(kind: str, where: tuple[int | str, ...], message: str, prefix: str) -> str:
    if not where:  # a rule of ours, that already names its variable in Spanish
        return message.removeprefix("Value error, ")
    variable = f"{prefix}{where[0]}".upper()
    if kind == "missing":
        return f"Falta la variable {variable}."
    reason = message.removeprefix("Value error, ")
    return f"La variable {variable} no sirve: {reason}."


def _settings_classes(base: type[BaseSettings] = BaseSettings) -> Iterator[type[BaseSettings]]:
    for cls in base.__subclasses__():
        yield cls
        yield from _settings_classes(cls)
