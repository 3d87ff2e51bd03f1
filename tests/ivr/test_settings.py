"""The worker's settings: wrong ones are refused with the key named, and their page says what the model says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import web.settings
from db.settings_file import SettingsRefused
from ivr.settings import Settings
from script.tables import filled, settings_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
GOOD = """
dsn = "dbname=expertline"
master_key = "master.key"
signing_key = "service.key"
rules = "demo-1"
lease_seconds = 10
[ari]
url = "http://127.0.0.1:8088/ari"
user = "expertline"
password_file = "ari.password"
[trunk]
name = "carrier"
caller_id = "02012345678"
[speech]
cache = "speech"
"""


def read(folder: Path, text: str) -> Settings:
    path = folder / "ivr.toml"
    path.write_text(text, encoding="utf-8")
    return Settings.read(path)


def test_good_settings_are_read(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    assert (settings.node, settings.ari.app, settings.speech.command) == ("node-1", "expertline", None)
    assert settings.ari.password_file == Path("ari.password")


@pytest.mark.parametrize(
    ("written", "kept"),
    [("+86 20 1234-5678", "+862012345678"), ("（020）12345678", "02012345678"), ("０２０－１２３４５６７８", "02012345678")],
)
def test_the_published_number_may_be_written_as_people_do(tmp_path: Path, written: str, kept: str) -> None:
    assert read(tmp_path, GOOD.replace("02012345678", written)).trunk[0].caller_id == kept


@pytest.mark.parametrize("written", ["020-12345678转1", "020123456780x1", "number", "", "02012345678+", "1" * 21])
def test_what_is_no_published_number(tmp_path: Path, written: str) -> None:
    with pytest.raises(SettingsRefused, match="caller_id"):
        read(tmp_path, GOOD.replace("02012345678", written))


TWO = GOOD.replace("[trunk]", "[[trunk]]").replace(
    "[speech]", '[[trunk]]\nname = "other"\ncaller_id = "02087654321"\nchannels = 10\ncalls_per_second = 0.5\n[speech]'
)


def test_several_trunks_in_their_order(tmp_path: Path) -> None:
    assert [each.name for each in read(tmp_path, GOOD).trunk] == ["carrier"]
    first, second = read(tmp_path, TWO).trunk
    assert (first.name, first.channels) == ("carrier", None)
    assert (second.name, second.channels, second.calls_per_second) == ("other", 10, 0.5)


@pytest.mark.parametrize(
    ("changed", "to", "told"),
    [
        ('name = "other"', 'name = "carrier"', "trunk: Value error, two trunks have the same name"),
        ('name = "other"', 'name = "Other Carrier"', "trunk.2.name: "),
        ("channels = 10", "channels = 0", "trunk.2.channels: "),
        ("calls_per_second = 0.5", "calls_per_second = -1", "trunk.2.calls_per_second: "),
        ('caller_id = "02087654321"', 'caller_id = "our number"', "trunk.2.caller_id: "),
        ('caller_id = "02012345678"', 'caller_id = ""', "trunk.caller_id: "),
    ],
)
def test_a_wrong_trunk_is_named(tmp_path: Path, changed: str, to: str, told: str) -> None:
    assert changed in TWO
    with pytest.raises(SettingsRefused) as refused:
        read(tmp_path, TWO.replace(changed, to))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "to", "told"),
    [
        ('dsn = "dbname=expertline"\n', "", "dsn: "),
        ('user = "expertline"\n', "", "ari.user: "),
        ('url = "http:', 'url = "ftp:', "ari.url: "),
        ("lease_seconds = 10", "lease_seconds = 0.1", "lease_seconds: "),
        ("lease_seconds = 10", 'lease_seconds = "long"', "lease_seconds: "),
        ('rules = "demo-1"', 'rule = "demo-1"', "rule: "),
        ('caller_id = "02012345678"', "caller_id = 2012345678", "trunk.caller_id: "),
        ('cache = "speech"', 'cache = "speech"\nvoice = "x"', "speech.voice: "),
        ("[trunk]", "[trunk", "is not TOML"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, changed: str, to: str, told: str) -> None:
    assert changed in GOOD
    with pytest.raises(SettingsRefused) as refused:
        read(tmp_path, GOOD.replace(changed, to))
    assert told in str(refused.value)
    assert "ivr.toml" in str(refused.value)


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read(tmp_path, "[ari]\n")
    for key in ("dsn", "master_key", "signing_key", "rules", "ari.url", "trunk", "speech"):
        assert f"{key}: " in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"none\.toml can't be read"):
        Settings.read(tmp_path / "none.toml")


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == filled(text), "run: python -m script.tables"


@pytest.mark.parametrize("model", [Settings, web.settings.Settings])
def test_the_table_has_every_key_and_explains_it(model: type[BaseModel]) -> None:
    rows = settings_table(model)
    assert list(_keys(model.model_json_schema())) == re.findall(r"^\| `([^`]+)`", rows, re.MULTILINE)
    assert "|  |" not in rows


def _keys(schema: Mapping[str, Any]) -> list[str]:
    """By way of the JSON schema, so that the table is compared with pydantic's own word."""
    found = []
    for name, value in schema["properties"].items():
        kinds = (value, value.get("items", {}), *value.get("anyOf", ()))  # a section may be left out, or be there twice
        inner = next((kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind), "")
        found += [f"{name}.{key}" for key in _keys(schema["$defs"][inner])] if inner else [name]
    return found


def test_the_examples_of_the_page_are_accepted(tmp_path: Path) -> None:
    worker, console = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert read(tmp_path, worker).rules == "gd-3"
    path = tmp_path / "web.toml"
    path.write_text(console, encoding="utf-8")
    assert web.settings.Settings.read(path).port == 8080


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('[sms]\nby = "pigeon"', "sms.by: "),
        ('[sms]\nby = "gateway"', "the section [gateway] with url and secret_file is missing"),
        ('[gateway]\nurl = "http://sms.example.cn/"\nsecret_file = "s"', "gateway.url: "),
        ('[mail]\nhost = "h"\nsender = "nobody"', "mail.sender: "),
        ('[mail]\nhost = "h"\nsender = "a@b"\nuser = "a"', "mail.user and mail.password_file: both or neither"),
        (
            '[mail]\nhost = "h"\nsender = "a@b"\nuser = "a"\npassword_file = "p"\nsecurity = "none"',
            "a password would go over the line in clear",
        ),
    ],
)
def test_messages_that_could_not_go_are_refused_at_the_start(tmp_path: Path, section: str, told: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read(tmp_path, f"{GOOD}{section}\n")
    assert told in str(refused.value)


def test_a_gateway_on_this_machine_may_go_without_tls(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD + '[sms]\nby = "gateway"\n[gateway]\nurl = "http://127.0.0.1:9/sms"\nsecret_file = "s"\n')
    assert settings.sms.by == "gateway"
    assert (read(tmp_path, GOOD).sms.by, read(tmp_path, GOOD).mail) == ("off", None)
