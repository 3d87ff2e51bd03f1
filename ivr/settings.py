"""The worker's settings: one TOML file, validated at the start; every key is explained in docs/settings.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from db.settings_file import read_settings
from drawing.phone_numbers import published
from ivr.outcomes import Trust

_SAFE_URL = r"^(https://[^/\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/\S*)?$"


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
    caller_id: str = Field(
        description="the one published number that experts see (K5), with +86 or 0 as the carrier wants it"
    )
    calls_per_second: float | None = Field(
        default=None, gt=0, description="what this carrier takes, where that is less than the rules allow"
    )
    channels: int | None = Field(
        default=None,
        gt=0,
        description="how many calls at once this carrier takes, where that is less than the rules allow",
    )
    sends_silence: bool = Field(
        default=True,
        description="whether this carrier goes on sending while the person is silent; if not, that it stops is no fault",
    )
    trust: Trust = Field(
        default="reason",
        description="which goes first where a refusal has both a Reason and a status (docs/outcomes.md)",
    )

    _tidied = field_validator("caller_id")(published)


class Hep(_Section):
    """Copies of the node's SIP, from which the reason of a refusal is read (docs/outcomes.md)."""

    port: int = Field(
        default=9060,
        ge=0,
        le=65535,
        description="the UDP port on 127.0.0.1 to which Asterisk copies its SIP (EXPERTLINE_HEP_PORT); 0: none is listened to",
    )


class Speech(_Section):
    """How prompts are made."""

    cache: Path = Field(description="where rendered prompts are kept; Asterisk must be able to read it")
    recorded: Path | None = Field(default=None, description="recordings of a human voice that override the engine")
    command: tuple[str, ...] | None = Field(default=None, description="a program that turns text into a wav, instead")
    natural: Path | None = Field(
        default=None,
        description="the natural voice's folder (script/setup voice); espeak-ng speaks while nothing is there",
    )
    languages: tuple[Literal["cmn", "yue", "en"], ...] = Field(
        default=("cmn", "yue", "en"), description="that experts may choose (普通话, 粤语, English); each needs a voice"
    )


class Sms(_Section):
    """短信: to experts and witnesses."""

    by: Literal["off", "trunk", "gateway"] = Field(
        default="off", description="how 短信 go: as SIP MESSAGE through the trunk, by the gateway, or not at all"
    )
    domain: str = Field(
        default="expertline",
        pattern=r"^[A-Za-z0-9.:-]{1,253}$",
        description="through the trunk: the domain after the @ in From, where the carrier wants one of its own",
    )


class Gateway(_Section):
    """A 短信 gateway that takes one signed POST (docs/messages.md)."""

    url: str = Field(description="https://…; http only to this machine", pattern=_SAFE_URL)
    secret_file: Path = Field(description="a file (mode 0600) with the secret of 32 bytes or more, for both directions")


class Mail(_Section):
    """The mail server that takes our mail."""

    host: str = Field(min_length=1, description="its name")
    port: int = Field(default=587, ge=1, le=65535, description="587 for starttls, 465 for tls, 25 for none")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="how the connection is encrypted; none: only on this machine or a private network",
    )
    ca_file: Path | None = Field(default=None, description="the certificates to trust instead of the system's")
    user: str | None = Field(default=None, description="where the server wants a login")
    password_file: Path | None = Field(default=None, description="a file (mode 0600) with its password")
    sender: str = Field(description="the address that mail comes from", pattern=r"^[^@\s<>]+@[^@\s<>]+$")


class Settings(_Section):
    """Everything `python -m ivr` needs."""

    dsn: str = Field(description="PostgreSQL, as the role expertline_worker")
    master_key: Path = Field(description="the master key's file; mode 0600")
    signing_key: Path = Field(description="the service's signing key, sealed by the master key")
    node: str = Field(default="node-1", description="the Asterisk node's name; its lease is per name")
    lease_seconds: float = Field(default=10.0, gt=0.5, description="how long a worker that died keeps the node")
    rules: str = Field(description="version of the rule file for hours, budgets and the trunk's limits")
    ari: Ari
    trunk: tuple[Trunk, ...] = Field(min_length=1)
    hep: Hep = Hep()
    speech: Speech
    sms: Sms = Sms()
    gateway: Gateway | None = None
    mail: Mail | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.sms.by == "gateway" and self.gateway is None:
            raise ValueError('sms.by is "gateway": the section [gateway] with url and secret_file is missing')
        if self.mail and (self.mail.user is None) != (self.mail.password_file is None):
            raise ValueError("mail.user and mail.password_file: both or neither")
        if self.mail and self.mail.user and self.mail.security == "none":
            raise ValueError("mail.security is none: a password would go over the line in clear")
        return self

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
        return read_settings(cls, path)
