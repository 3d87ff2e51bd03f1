"""The worker's settings: one TOML file, validated at the start; every key is explained in docs/settings.md."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator


class SettingsRefused(Exception):
    """The settings file can't be used; the message says what is wrong where."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ari(_Section):
    """How Asterisk is reached: ARI over HTTP on loopback or a private network."""

    url: str = Field(description="e.g. http://127.0.0.1:8088/ari", pattern=r"^https?://")
    user: str = Field(description="as in ari.conf")
    password_file: Path = Field(description="a file with the ARI password on its first line")
    app: str = Field(default="expertline", description="the Stasis application; one name per node")


class Trunk(_Section):
    """A line to a carrier (中继). `[trunk]` is the only one; of several `[[trunk]]` the first comes first."""

    name: str = Field(description="the PJSIP endpoint's name", pattern=r"^[a-z][a-z0-9-]{0,39}$")
    caller_id: str = Field(description="the one published number that experts see (K5)", pattern=r"^\+?[0-9]{1,20}$")
    calls_per_second: float | None = Field(
        default=None, gt=0, description="what this carrier takes, where that is less than the rules allow"
    )
    channels: int | None = Field(
        default=None,
        gt=0,
        description="how many calls at once this carrier takes, where that is less than the rules allow",
    )


class Speech(_Section):
    """How prompts are made."""

    cache: Path = Field(description="where rendered prompts are kept; Asterisk must be able to read it")
    recorded: Path | None = Field(default=None, description="recordings of a human voice that override the engine")
    command: tuple[str, ...] | None = Field(default=None, description="a program that turns text into a wav, instead")


class Settings(_Section):
    """Everything `python -m ivr` needs."""

    dsn: str = Field(description="PostgreSQL, as the service role")
    master_key: Path = Field(description="the master key's file; mode 0600")
    signing_key: Path = Field(description="the service's signing key, sealed by the master key")
    node: str = Field(default="node-1", description="the Asterisk node's name; its lease is per name")
    lease_seconds: float = Field(default=10.0, gt=0.5, description="how long a worker that died keeps the node")
    rules: str = Field(description="version of the rule file for hours, budgets and the trunk's limits")
    ari: Ari
    trunk: tuple[Trunk, ...] = Field(min_length=1)
    speech: Speech

    @field_validator("trunk", mode="before")
    @classmethod
    def _one_or_several(cls, given: object) -> object:
        return [given] if isinstance(given, Mapping) else given

    @field_validator("trunk")
    @classmethod
    def _different(cls, trunks: tuple[Trunk, ...]) -> tuple[Trunk, ...]:
        if len({each.name for each in trunks}) < len(trunks):
            raise ValueError("two trunks have the same name")
        return trunks

    @classmethod
    def read(cls, path: Path) -> Settings:
        """From a file; raises SettingsRefused naming each wrong key."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsRefused(f"{path} can't be read: {error.strerror}") from None
        except tomllib.TOMLDecodeError as error:
            raise SettingsRefused(f"{path} is not TOML: {error}") from None
        except ValidationError as error:
            wrong = "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors())
            raise SettingsRefused(f"{path}: {wrong}") from None


def _place(keys: tuple[int | str, ...]) -> str:
    """Where in the file; trunks are counted from one, and a first one is just the trunk.

    >>> _place(("trunk", 0, "name")), _place(("trunk", 1, "name"))
    ('trunk.name', 'trunk.2.name')
    """
    return ".".join(str(key + 1) if isinstance(key, int) else key for key in keys if key != 0)
