"""The settings of a process: one TOML file, validated at its start. Its model says what may stand in it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class SettingsRefused(Exception):
    """The settings file can't be used; the message says what is wrong where."""


def read_settings(model: type[Model], path: Path) -> Model:
    """From a file; raises SettingsRefused naming each wrong key."""
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsRefused(f"{path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        wrong = "; ".join(": ".join(filter(None, (_place(each["loc"]), each["msg"]))) for each in error.errors())
        raise SettingsRefused(f"{path}: {wrong}") from None


def _place(keys: tuple[int | str, ...]) -> str:
    """Where in the file; the members of a list are counted from one, and the first is just the list.

    >>> _place(("trunk", 0, "name")), _place(("trunk", 1, "name"))
    ('trunk.name', 'trunk.2.name')
    """
    return ".".join(str(key + 1) if isinstance(key, int) else key for key in keys if key != 0)
