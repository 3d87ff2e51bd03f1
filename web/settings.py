"""The console's settings: one TOML file, validated at the start."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from db.settings_file import read_settings
from drawing.phone_numbers import published

LOOPBACK_ONLY = "only a loopback address (127.0.0.1 or ::1) unless behind_proxy is true: the console speaks no TLS"


class Development(BaseModel):
    """For demonstration and development only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identities: bool = Field(
        default=False, description="anybody may log in as anybody of a list; on loopback only, marked on every page"
    )
    recordings: Path | None = Field(
        default=None, description="what the demo's fictitious telephones heard (script/demo writes it); needs identities"
    )

    @model_validator(mode="after")
    def _fictitious(self) -> Self:
        if self.recordings is not None and not self.identities:
            raise ValueError("recordings are those of fictitious telephones, for a demonstration with identities only")
        return self


class SpeechSettings(BaseModel):
    """How prompts are made for 试听: the same as the worker's, so that the very audio is heard."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cache: Path = Field(description="where rendered prompts are kept; the worker's folder, or one of the console's own")
    recorded: Path | None = Field(default=None, description="recordings of a human voice that override the engine")
    command: tuple[str, ...] | None = Field(default=None, description="a program that turns text into a wav, instead")
    natural: Path | None = Field(default=None, description="the natural voice's folder (script/setup voice)")


class Settings(BaseModel):
    """Everything `python -m web` needs."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    dsn: str = Field(min_length=1, description="PostgreSQL, as the role expertline_console", repr=False)
    master_key: Path = Field(description="the master key's file; mode 0600")
    signing_key: Path = Field(description="the service's signing key, sealed by the master key")
    host: str = Field(default="127.0.0.1", description=f"where the console listens: {LOOPBACK_ONLY}")
    port: int = Field(default=8080, ge=1, le=65535, description="its TCP port")
    behind_proxy: bool = Field(
        default=False, description="a reverse proxy stands before it, or a container's port; needs public_url"
    )
    public_url: str | None = Field(
        default=None, description="the address in browsers, e.g. https://experts.example.cn; https makes cookies Secure"
    )
    uploads: Path | None = Field(
        default=None,
        description="the folder for files that are being imported; default: `uploads` beside the master key",
    )
    upload_mib: int = Field(default=300, ge=1, le=4096, description="the largest file of experts, in MiB")
    published_number: str | None = Field(
        default=None, description="the one number that experts see, to be shown beside 试听: the worker's trunk.caller_id"
    )
    rules: str = Field(default="gd-3", description="version of the rule file that a new activity obeys")
    speech: SpeechSettings | None = Field(default=None, description="for 试听; without it notices can't be heard")
    gateway_secret_file: Path | None = Field(
        default=None, description="the secret shared with the 短信 gateway, to take its receipts; the worker's own file"
    )
    development: Development = Development()

    @field_validator("published_number")
    @classmethod
    def _tidied(cls, number: str | None) -> str | None:
        return None if number is None else published(number)

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("scheme, host and port only, e.g. https://experts.example.cn")
        return f"{parts.scheme}://{parts.netloc}".lower()

    @model_validator(mode="after")
    def _reachable_by_whom(self) -> Self:
        loopback = _is_loopback(self.host)
        if self.development.identities and (self.behind_proxy or not loopback):
            raise ValueError("development.identities lets anybody in: only on a loopback host without behind_proxy")
        if not loopback and not self.behind_proxy:
            raise ValueError(f"host: {LOOPBACK_ONLY}")
        if self.behind_proxy and self.public_url is None:
            raise ValueError("public_url: behind_proxy needs the address that browsers use")
        return self

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url is not None and self.public_url.startswith("https:")

    @property
    def upload_folder(self) -> Path:
        """Where uploads lie until they are taken in; private."""
        return self.uploads or self.master_key.absolute().parent / "uploads"

    @classmethod
    def read(cls, path: Path) -> Settings:
        """From a file; raises SettingsRefused naming each wrong key."""
        return read_settings(cls, path)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
