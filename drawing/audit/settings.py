"""The auditor's settings: one TOML file, validated at the start; every key is explained in docs/settings.md."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class SettingsRefused(Exception):
    """The settings file can't be used; the message says what is wrong where."""


class Settings(BaseModel):
    """It needs no secret: only the public half of the service's key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dsn: str = Field(description="PostgreSQL, as the role expertline_auditor, which can only read", min_length=1)
    public_key: Path = Field(description="the public half of the service's signing key, as service.pub in evidence")
    hour: int = Field(
        default=2, ge=0, le=23, description="the hour in China from which on the audit of each night is made"
    )

    @classmethod
    def read(cls, path: Path) -> Settings:
        """From a file; raises SettingsRefused naming each wrong key."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsRefused(f"{path} can't be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsRefused(f"{path} is not TOML: {error}") from None
        except ValidationError as error:
            wrong = "; ".join(": ".join(filter(None, (".".join(map(str, e["loc"])), e["msg"]))) for e in error.errors())
            raise SettingsRefused(f"{path}: {wrong}") from None
