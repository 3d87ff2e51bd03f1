"""The console's settings: one TOML file, validated at the start.

No master key is asked for: the pages show numbers only, and a process that opens nothing needs nothing to open it with.
"""

from __future__ import annotations

import tomllib
from ipaddress import ip_address
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

LOOPBACK_ONLY = "only a loopback address (127.0.0.1 or ::1) until the console has a login"


class SettingsRefused(Exception):
    """The settings file can't be used; the message says what is wrong where."""


class Settings(BaseModel):
    """Everything `python -m web` needs."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    dsn: str = Field(min_length=1, description="PostgreSQL, as the service role", repr=False)
    host: str = Field(default="127.0.0.1", description=f"where the console listens: {LOOPBACK_ONLY}")
    port: int = Field(default=8080, ge=1, le=65535, description="its TCP port")

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        try:
            loopback = ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise ValueError(LOOPBACK_ONLY)
        return host

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
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise SettingsRefused(f"{path}: {wrong}") from None
