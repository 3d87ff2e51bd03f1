"""The auditor's settings: one TOML file, validated at the start; every key is explained in docs/settings.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from db.settings_file import read_settings


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
        return read_settings(cls, path)
