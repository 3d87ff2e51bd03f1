"""Tries to log in that fail: who waits, for how long, and who does not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

import pytest
from aiohttp import ClientResponse, CookieJar
from hypothesis import given
from hypothesis import strategies as st

from db.blocking import transaction
from db.pool import Database
from db.vault import Vault
from tests.postgres import TestDatabase
from tests.scenes import Keys
from tests.web.conftest import Client, Visitor, console_settings
from web.app import create_app
from web.development import IDENTITIES, DevelopmentIdentities
from web.identity import Identity
from web.keys import PROVIDERS
from web.login_waits import ALLOWANCES, FORGOTTEN_SECONDS, Failures, Scope, wait
from web.logins import Try

FREE = ALLOWANCES[Scope.PLACE].free
OFFICE, ELSEWHERE = "192.0.2.10", "198.51.100.20"
failures = st.builds(Failures, st.sampled_from(Scope), st.integers(0, 10**9), st.floats(-(10**6), 10**6))
STANDING_STILL = """
CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.last_at > clock_timestamp() - interval '9 seconds' THEN NEW.last_at := clock_timestamp() + interval '1 day'; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER stand_still BEFORE INSERT OR UPDATE ON login_failure FOR EACH ROW EXECUTE FUNCTION stand_still();
"""


class Register(DevelopmentIdentities):
    """Whose people may be away: then their logins fail, as with a wrong password."""

    def __init__(self) -> None:
        super().__init__()
        self.away: set[str] = set()

    async def find(self, identity: str) -> Identity | None:
        return None if identity in self.away else await super().find(identity)


class Doors:
    """Consoles behind one proxy, with one database: a visitor comes from an address through one of them."""

    def __init__(self, clients: Sequence[Client], registers: Sequence[Register], new: Callable[..., Awaitable[Client]]) -> None:
        self.clients, self.registers, self.new = clients, registers, new

    async def tries(self, identity: str, address: str = OFFICE, *, door: int = 0, succeeds: bool = False) -> ClientResponse:
        """One try in a fresh browser."""
        for each in self.registers:
            (each.away.discard if succeeds else each.away.add)(identity)
        visitor = Visitor(await self.new(self.clients[door].server, cookie_jar=CookieJar(unsafe=True)))
        await visitor.get("/login")
        return await visitor.post("/login", headers={"X-Forwarded-For": address}, identity=identity, next="/samples")

    async def fails(self, times: int, identity: str, address: str = OFFICE, *, door: int = 0) -> list[int]:
        """The answers' codes."""
        return [(await self.tries(identity, address, door=door)).status for _ in range(times)]


@pytest.fixture
async def doors(
    standing_still: None, database: TestDatabase, keys: Keys, aiohttp_client: Callable[..., Awaitable[Client]]
) -> Doors:
    """Two consoles."""
    settings = console_settings(database, keys, development={})
    # identities of a list are offered on loopback only; here a proxy's word for the address is wanted as well
    settings = settings.model_copy(update={"behind_proxy": True})
    clients, registers = [], []
    for _ in range(2):
        app, register = create_app(settings), Register()
        app[PROVIDERS] = {register.name: register}
        clients.append(await aiohttp_client(app, cookie_jar=CookieJar(unsafe=True)))
        registers.append(register)
    return Doors(clients, registers, aiohttp_client)


@pytest.fixture
def standing_still(database: TestDatabase) -> None:
    """However long a test takes, its last failure was just now, unless it says otherwise."""
    with transaction(database.owner_dsn) as tx:
        tx.run(STANDING_STILL)


@given(st.lists(failures, max_size=5), st.booleans())
def test_a_wait_ends(failed: list[Failures], known: bool) -> None:
    left = wait(failed, known=known)
    assert 0 <= left <= max(each.longest for each in ALLOWANCES.values())
    assert wait([Failures(each.scope, each.count, abs(each.ago) + FORGOTTEN_SECONDS) for each in failed], known=known) == 0


@given(failures, st.booleans())
def test_one_more_failure_never_shortens_the_wait(failed: Failures, known: bool) -> None:
    more = Failures(failed.scope, failed.count + 1, failed.ago)
    assert wait([more], known=known) >= wait([failed], known=known)


@given(st.integers(0, 10**6))
def test_who_is_known_in_a_place_waits_for_their_own_failures_only(count: int) -> None:
    others = [Failures(Scope.ACCOUNT, count, 0.0), Failures(Scope.ADDRESS, count, 0.0)]
    assert wait(others, known=True) == 0


@pytest.mark.postgres
async def test_an_office_behind_one_address_logs_in(doors: Doors) -> None:
    """Everybody, several times in a minute: more logins than the address had before."""
    codes = [(await doors.tries(each.id, succeeds=True)).status for _ in range(4) for each in IDENTITIES]
    assert len(codes) > 40
    assert set(codes) == {303}


@pytest.mark.postgres
async def test_who_mistypes_in_an_office_locks_out_nobody_else(doors: Doors) -> None:
    assert await doors.fails(FREE + 2, "handler-a1") == [422] * (FREE + 1) + [429]
    assert (await doors.tries("handler-a2", succeeds=True)).status == 303
    assert (await doors.tries("handler-a1", ELSEWHERE, succeeds=True)).status == 303, "another address is another place"


@pytest.mark.postgres
async def test_the_wait_rises_and_is_said(doors: Doors, db: Database) -> None:
    told: list[int] = []
    for _ in range(4):
        await doors.fails(FREE + 1 if not told else 1, "handler-a1")
        refused = await doors.tries("handler-a1")
        page = await refused.text()
        assert refused.status == 429
        assert 'name="next" value="/samples"' in page, "where they wanted to go is not lost"
        told.append(int(refused.headers["Retry-After"]))
        assert re.search(r"请在 \d+ 秒后再试", page)
        await db.run("UPDATE login_failure SET last_at = clock_timestamp() - interval '10 seconds'")
    assert told == [1, 2, 4, 8]


@pytest.mark.postgres
async def test_a_try_that_has_to_wait_counts_as_none(doors: Doors, db: Database) -> None:
    await doors.fails(FREE + 8, "handler-a1")
    assert await db.value("SELECT failures FROM login_failure WHERE scope = 'place'") == FREE + 1


@pytest.mark.postgres
async def test_a_login_forgives_the_account_there(doors: Doors, db: Database) -> None:
    await doors.fails(FREE, "handler-a1")
    assert (await doors.tries("handler-a1", succeeds=True)).status == 303
    assert await doors.fails(FREE, "handler-a1") == [422] * FREE
    assert dict(await rows(db)) == {"place": FREE, "account": 2 * FREE, "address": 2 * FREE}


async def rows(db: Database) -> list[tuple[str, int]]:
    return [(row.scope, row.failures) for row in await db.all("SELECT scope::text, failures FROM login_failure")]


@pytest.mark.postgres
async def test_consoles_count_together(doors: Doors) -> None:
    assert await doors.fails(3, "handler-a1", door=0) == [422] * 3
    assert await doors.fails(FREE, "handler-a1", door=1) == [422] * (FREE - 2) + [429] * 2


@pytest.mark.postgres
async def test_guessing_an_account_from_many_addresses_waits_and_its_owner_does_not(doors: Doors) -> None:
    assert (await doors.tries("handler-a1", OFFICE, succeeds=True)).status == 303
    codes = [(await doors.tries("handler-a1", f"203.0.113.{n}")).status for n in range(ALLOWANCES[Scope.ACCOUNT].free + 2)]
    assert codes[-1] == 429
    assert (await doors.tries("handler-a1", OFFICE, succeeds=True)).status == 303


@pytest.mark.postgres
async def test_guessing_many_accounts_from_one_address_waits_and_who_is_known_there_does_not(doors: Doors) -> None:
    assert (await doors.tries("handler-a1", succeeds=True)).status == 303
    codes = [(await doors.tries(f"nobody-{n}")).status for n in range(ALLOWANCES[Scope.ADDRESS].free + 2)]
    assert codes[-1] == 429
    assert (await doors.tries("handler-a1", succeeds=True)).status == 303


@pytest.mark.postgres
@pytest.mark.parametrize("written", ["HANDLER-A1", " handler-a1 ", "ｈａｎｄｌｅｒ-a1"])
async def test_another_way_to_write_an_account_is_no_way_around(doors: Doors, written: str) -> None:
    await doors.fails(FREE + 1, "handler-a1")
    assert await doors.fails(1, written) == [429]


@pytest.mark.postgres
@pytest.mark.parametrize("address", ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::9"])
async def test_another_address_of_the_same_ipv6_network_is_no_way_around(doors: Doors, address: str) -> None:
    await doors.fails(FREE + 1, "handler-a1", "2001:db8:1:2:3:4:5:6")
    assert await doors.fails(1, "handler-a1", address) == [429]


@pytest.mark.postgres
@pytest.mark.usefixtures("standing_still")
async def test_many_tries_at_once_are_no_way_around(db: Database, vault: Vault) -> None:
    waits = await asyncio.gather(*(Try.of(vault, "handler-a1", OFFICE).admit(db) for _ in range(30)))
    assert waits.count(0.0) == FREE + 1


@pytest.mark.postgres
async def test_logins_of_many_people_at_once_do_not_stop_each_other(db: Database, vault: Vault) -> None:
    async def logs_in(n: int) -> float:
        attempt = Try.of(vault, f"person-{n % 20}", OFFICE)
        left = await attempt.admit(db)
        await attempt.succeeded(db)
        return left

    assert await asyncio.gather(*map(logs_in, range(60))) == [0.0] * 60
    assert {count for _, count in await rows(db)} == {0}


@pytest.mark.postgres
async def test_what_is_kept_names_nobody_and_is_forgotten(doors: Doors, db: Database) -> None:
    await doors.fails(1, "13800138000")
    await doors.tries("handler-a1", succeeds=True)
    kept = await db.value("SELECT string_agg(f::text, '') FROM login_failure f")
    assert "13800138000" not in kept
    assert OFFICE not in kept
    await db.run("UPDATE login_failure SET last_at = clock_timestamp() - interval '61 minutes'")
    await db.run("UPDATE login_known_place SET last_at = last_at - interval '91 days'")
    await doors.fails(1, "somebody", ELSEWHERE)
    assert await db.value("SELECT count(*) FROM login_failure") == 3
    assert await db.value("SELECT count(*) FROM login_known_place") == 0


@pytest.mark.postgres
async def test_the_scopes_are_those_of_the_database(db: Database) -> None:
    assert await db.value("SELECT enum_range(NULL::login_scope)::text[]") == [each.value for each in Scope]
