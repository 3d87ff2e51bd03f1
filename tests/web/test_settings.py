"""Wrong settings are refused, and the message names the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from web.settings import Settings, SettingsRefused


def written(folder: Path, text: str) -> Path:
    path = folder / "web.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_the_database_must_be_named(tmp_path: Path) -> None:
    settings = Settings.read(written(tmp_path, 'dsn = "dbname=x"'))
    assert (str(settings.host), settings.port) == ("127.0.0.1", 8080)
    assert "dbname" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "dsn: "),
        ('dsn = ""', "dsn: "),
        ('dsn = "x"\nport = 0', "port: "),
        ('dsn = "x"\nport = 65536', "port: "),
        ('dsn = "x"\nhost = "0.0.0.0"', "host: Value error, only a loopback address"),
        ('dsn = "x"\nhost = "::"', "host: "),
        ('dsn = "x"\nhost = "localhost"', "host: "),
        ('dsn = "x"\nprot = 80', "prot: "),
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
