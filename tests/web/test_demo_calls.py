"""What the demo's fictitious telephones heard: only there, only once the result is open, and never with a number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import CookieJar

from db.pool import Database
from db.settings_file import SettingsRefused
from script.install import Choices, Installation, choices_of, web_settings
from script.staging import let_be_heard
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.conftest import Client, Visitor, console_settings
from tests.web.conftest import opened as console
from tests.web.draws import Draws, everybody_agrees, opened
from web.app import create_app
from web.demo_calls import Call, heard
from web.settings import Settings

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
CALL = Call("a", "13800000023", 1, AT, AT + timedelta(minutes=1), "accepted")


def named(*files: str) -> list[Path]:
    return [Path(f"/recordings/{each}.wav") for each in files]


@pytest.mark.parametrize(
    ("number", "after", "found"),
    [
        ("13800000023", 0, True),
        ("13800000023", 60, True),
        ("8613800000023", 5, True),  # as the carrier wants it
        ("13800000023", -30, False),  # an earlier call to the same telephone
        ("13800000023", 90, False),  # a later one
        ("13800000024", 5, False),
        ("in-13800000023", 5, False),  # the telephone called us
    ],
)
def test_a_recording_belongs_to_the_call_during_which_it_began(number: str, after: int, found: bool) -> None:
    files = named(f"{number}-{int(AT.timestamp()) + after}.7")
    assert (heard(CALL, files) is not None) == found


def test_of_several_the_first_and_of_other_files_none() -> None:
    at = int(AT.timestamp())
    files = named(f"13800000023-{at + 9}.9", f"13800000023-{at + 2}.4", "13800000023", "x", f"13800000023-{at}.1.part")
    assert heard(CALL, files) == files[1]
    assert CALL.number not in repr(CALL)


@pytest.mark.parametrize("text", ["", "identities = false\n"])
def test_recordings_without_development_identities_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "web.toml"
    path.write_text(f'dsn = "x"\nmaster_key = "m"\nsigning_key = "s"\n[development]\n{text}recordings = "r"\n', encoding="utf-8")
    with pytest.raises(SettingsRefused, match="fictitious telephones"):
        Settings.read(path)


def test_only_the_demo_writes_where_they_are(tmp_path: Path) -> None:
    """Whatever the environment of script/server says."""
    installed = Installation(tmp_path, "host=/run user=x")
    everything = dict.fromkeys(("EXPERTLINE_PUBLIC_URL", "EXPERTLINE_RECORDINGS", "EXPERTLINE_DEVELOPMENT"), "http://127.0.0.1")
    for choices in (choices_of({}), choices_of(everything)):
        installed.web_settings.write_text(web_settings(choices, installed), encoding="utf-8")
        server = Settings.read(installed.web_settings)
        assert (server.development.recordings, server.development.identities) == (None, False)
    installed.web_settings.write_text(web_settings(Choices(development=True), installed), encoding="utf-8")
    let_be_heard(installed.web_settings, tmp_path / "far/recordings")
    assert Settings.read(installed.web_settings).development.recordings == tmp_path / "far/recordings"


@pytest.mark.postgres
def test_a_server_has_no_such_address(database: TestDatabase, keys: Keys, tmp_path: Path) -> None:
    def addresses(**development: object) -> set[str]:
        return set(create_app(console_settings(database, keys, development=development)).router.named_resources())

    assert "demo_calls" not in addresses()
    assert "demo_calls" not in addresses(identities=True)
    assert addresses(identities=True, recordings=tmp_path) - addresses(identities=True) == {"demo_calls", "demo_call"}


@pytest.fixture
async def demo(
    database: TestDatabase, keys: Keys, tmp_path: Path, aiohttp_client: Callable[..., Awaitable[Client]]
) -> Callable[[str], Awaitable[Visitor]]:
    settings = console_settings(database, keys, development={"identities": True, "recordings": tmp_path})
    server = await console(settings, aiohttp_client)

    async def enter(identity: str) -> Visitor:
        visitor = Visitor(await aiohttp_client(server.server, cookie_jar=CookieJar(unsafe=True)))
        await visitor.log_in(identity)
        return visitor

    return enter


@pytest.mark.postgres
async def test_they_are_heard_from_the_board_once_the_result_is_open(
    demo: Callable[[str], Awaitable[Visitor]], draws: Draws, db: Database, tmp_path: Path
) -> None:
    hand = await draws.started()
    clerk, page = await demo("handler-a1"), f"/activities/{hand.activity}/demo-calls"
    await everybody_agrees(hand)
    calls = await db.all("SELECT id, dialled_at, pick FROM call ORDER BY id")
    numbers = [f"138000000{n:02d}" for n in range(6)]
    for number in numbers:  # whoever was drawn has one
        (tmp_path / f"{number}-{int(calls[0].dialled_at.timestamp()) + 1}.1.wav").write_bytes(b"RIFF" + number.encode())
    sealed = await clerk.text(page)
    assert "结果解密之后才能收听" in sealed
    assert "<audio" not in sealed
    assert (await clerk.get(f"{page}/{calls[0].id}.wav")).status == 409
    await opened(hand)
    assert f'href="{page}"' in await clerk.text(f"/activities/{hand.activity}/draw")
    text = await clerk.text(page)
    assert text.count("<audio") == len(calls) == 2
    assert "第 1 位专家" in text
    assert not any(number in text for number in numbers)
    heard_bytes = set()
    for call in calls:
        response = await clerk.get(f"{page}/{call.id}.wav")
        assert (response.status, response.content_type) == (200, "audio/wav")
        heard_bytes.add(await response.read())
    assert len(heard_bytes) == 2  # each its own
    assert (await clerk.get(f"{page}/none.wav")).status == 404
    other = await demo("handler-b1")
    assert (await other.get(page)).status == 404
    assert (await other.get(f"{page}/{calls[0].id}.wav")).status == 404
    assert (await (await demo("administrator-1")).get(page)).status == 403
