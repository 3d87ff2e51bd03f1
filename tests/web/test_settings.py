"""Wrong settings are refused, and the message names the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.settings_file import SettingsRefused
from web.settings import Settings


def written(folder: Path, text: str) -> Path:
    path = folder / "web.toml"
    path.write_text(text, encoding="utf-8")
    return path


BASE = 'dsn = "dbname=x"\nmaster_key = "m"\nsigning_key = "s"\n'
DEVELOPMENT = "\n[development]\nidentities = true"


def test_the_database_and_the_keys_must_be_named(tmp_path: Path) -> None:
    settings = Settings.read(written(tmp_path, BASE))
    assert (str(settings.host), settings.port) == ("127.0.0.1", 8080)
    assert (settings.secure, settings.development.identities) == (False, False)
    assert "dbname" not in repr(settings)


def test_a_proxy_is_named_with_the_address_in_browsers(tmp_path: Path) -> None:
    text = BASE + 'host = "0.0.0.0"\nbehind_proxy = true\npublic_url = "https://Experts.example.cn/"'
    settings = Settings.read(written(tmp_path, text))
    assert (settings.public_url, settings.secure) == ("https://experts.example.cn", True)


def test_development_identities_are_for_this_machine(tmp_path: Path) -> None:
    assert Settings.read(written(tmp_path, BASE + DEVELOPMENT)).development.identities


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('dsn = "x"', "master_key: "),
        (BASE.replace("dbname=x", ""), "dsn: "),
        (BASE + "port = 0", "port: "),
        (BASE + "port = 65536", "port: "),
        (BASE + 'host = "0.0.0.0"', "only a loopback address"),
        (BASE + 'host = "::"', "only a loopback address"),
        (BASE + 'host = "localhost"', "only a loopback address"),
        (BASE + 'host = "0.0.0.0"\nbehind_proxy = true', "public_url: "),
        (BASE + 'public_url = "experts.example.cn"', "public_url: "),
        (BASE + 'public_url = "https://a.cn/console"', "public_url: "),
        (BASE + 'behind_proxy = true\npublic_url = "https://a.cn"' + DEVELOPMENT, "lets anybody in"),
        (BASE + 'host = "0.0.0.0"\nbehind_proxy = true\npublic_url = "https://a.cn"' + DEVELOPMENT, "lets anybody in"),
        (BASE + "prot = 80", "prot: "),
        ("dsn = ", "not TOML"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Settings.read(written(tmp_path, text))
    assert told in str(refused.value)
    assert "web.toml" in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"none\.toml can't be read"):
        Settings.read(tmp_path / "none.toml")
