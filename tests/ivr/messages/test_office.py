"""The post office put together from a settings file, as the worker does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.keyfile import KeyFileRefused, write_key_file
from ivr.ari.client import Client, Node
from ivr.lease import Lease
from ivr.messages import office
from ivr.settings import Settings
from tests.ivr.messages.conftest import World, emptied
from tests.ivr.messages.gateway import SECRET

pytestmark = pytest.mark.postgres
NOWHERE = Client(Node("http://127.0.0.1:9/ari", "u", "p", "a"))


def settings(world: World, folder: Path, sections: str) -> Settings:
    path = folder / "ivr.toml"
    path.write_text(
        f'dsn = "{world.database.dsn}"\nmaster_key = "{world.keys.master}"\nsigning_key = "{world.keys.signing}"\n'
        f'rules = "demo-1"\n[ari]\nurl = "http://127.0.0.1:9/ari"\nuser = "u"\npassword_file = "p"\n'
        f'[trunk]\nname = "t"\ncaller_id = "02083186888"\n[speech]\ncache = "c"\n{sections}',
        encoding="utf-8",
    )
    return Settings.read(path)


async def test_by_a_gateway(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "gateway.secret"
    write_key_file(secret, SECRET.decode())
    wanted = settings(
        world, tmp_path, f'[sms]\nby = "gateway"\n[gateway]\nurl = "{world.gateway.url}"\nsecret_file = "{secret}"\n'
    )
    lease = Lease(world.db, wanted.node, 600.0)
    assert await lease.take()
    await world.agreed(["13800000001"])
    async with office.opened(wanted, world.db, world.keys.custody, lease, NOWHERE) as sender:
        assert sender is not None
        await emptied(sender)
    assert [each["to"] for each in world.gateway.requests] == ["13800000001"]


async def test_everything_off_plans_nothing(world: World, tmp_path: Path) -> None:
    lease = Lease(world.db, "n", 600.0)
    async with office.opened(
        settings(world, tmp_path, ""), world.db, world.keys.custody, lease, NOWHERE
    ) as sender:
        assert sender is None


async def test_a_secret_that_others_can_read_is_refused(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "gateway.secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o644)
    wanted = settings(
        world, tmp_path, f'[sms]\nby = "gateway"\n[gateway]\nurl = "{world.gateway.url}"\nsecret_file = "{secret}"\n'
    )
    with pytest.raises(KeyFileRefused, match="chmod 600"):
        async with office.opened(wanted, world.db, world.keys.custody, Lease(world.db, "n", 9.0), NOWHERE):
            pass
