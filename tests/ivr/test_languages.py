"""Who has chosen a language in a call back is spoken to in it, in every kind of call, as far as there is a voice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asterisk.far_end import Behaviour
from db.pool import Database
from drawing import decide, masked
from ivr.dialplans import Timings
from ivr.preparing import Preparer, Q
from ivr.prompts import Language
from ivr.speech import Pyttsx3Engine, Speech
from tests.ivr.facts import KINDS_HEARD, MATTER
from tests.ivr.prompts.test_languages import STAFF
from tests.ivr.test_call_backs import Line, keys, line  # noqa: F401  fixtures
from tests.scenes import close_pick

pytestmark = [pytest.mark.postgres, pytest.mark.speech]


UNCHANGED: Mapping[str, set[str]] = {"call_back": {"languages"}, "call_back_nothing": {"languages"}}
"""Each language is offered in itself, whatever the call is in."""
STAFFS = Behaviour.STAFF.number(1)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once for all kinds."""
    return tmp_path_factory.mktemp("sounds")


@pytest.fixture
async def preparer(
    line: Callable[..., Any], db: Database, sounds: Path  # noqa: F811
) -> AsyncIterator[Callable[[str], Awaitable[Mapping[str, Sequence[str]]]]]:
    """The media of a kind of call, as it is prepared; there are voices for Mandarin and Cantonese, none for English."""
    made: Line = await line()
    speech = Speech(sounds, Pyttsx3Engine(), None, {Language.CANTONESE: Pyttsx3Engine(language=Language.CANTONESE)})
    await speech.start()
    prepares = Preparer(db, made.keys.custody, speech, Timings())
    (waiting,) = await db.all(Q.due, {"limit": 9, "held": []})
    whose = {"activity": made.activity, "expert": waiting.expert}

    async def media(kind: str) -> Mapping[str, Sequence[str]]:
        if kind != "masked":
            return (await prepares.prepare(SimpleNamespace(flow=kind, pick=waiting.pick, matter=MATTER, **whose))).media
        if await db.value("SELECT outcome = 'open' FROM pick"):
            await close_pick(db, made.keys.custody, made.activity, waiting.pick, "accepted")
        async with db.transaction() as tx:
            await decide.lock(tx, made.activity)
            call = await masked.ask(tx, made.keys.custody, made.activity, waiting.pick, STAFFS, "clerk", "handler")
        await db.run("UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp() WHERE flow = 'masked'")
        return (await prepares.prepare(SimpleNamespace(flow=kind, id=call, matter={"record": False}, **whose))).media

    yield media
    await speech.close()


@pytest.mark.parametrize("kind", KINDS_HEARD)
async def test_every_kind_of_call_is_in_the_chosen_language(
    preparer: Callable[[str], Awaitable[Mapping[str, Sequence[str]]]], db: Database, kind: str
) -> None:
    media = {}
    for chosen in Language:
        await db.run("UPDATE expert SET language = %(language)s", {"language": chosen.value})
        media[chosen] = await preparer(kind)
    assert media[Language.ENGLISH] == media[Language.MANDARIN]  # no voice for it here
    told = {name for name, sounds in media[Language.CANTONESE].items() if sounds != media[Language.MANDARIN][name]}
    assert set(media[Language.CANTONESE]) - told == (STAFF | {"masked_ringing"} if kind == "masked" else UNCHANGED.get(kind, set()))
