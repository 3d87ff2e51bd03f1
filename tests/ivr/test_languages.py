"""Who has chosen a language in a call back is spoken to in it, as far as there are words and a voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from db.pool import Database
from ivr.dialplans import Timings
from ivr.dispatch import OF_THE_DRAW, Preparer, Q
from ivr.prompts import Language
from ivr.speech import Pyttsx3Engine, Speech
from tests.drawing.test_draw import Hand
from tests.ivr.test_call_backs import keys, line  # noqa: F401  fixtures
from tests.postgres import TestDatabase

pytestmark = [pytest.mark.postgres, pytest.mark.speech]


@pytest.mark.parametrize(("chosen", "heard"), [("cmn", "cmn"), ("yue", "yue"), ("en", "cmn")])  # no voice for en here
async def test_the_invitation_is_in_the_chosen_language(
    line: object, db: Database, database: TestDatabase, tmp_path: Path, chosen: str, heard: str  # noqa: F811
) -> None:
    made: Hand = await line()  # type: ignore[operator]
    await db.run("UPDATE expert SET language = %(language)s", {"language": chosen})
    cantonese = {Language.CANTONESE: Pyttsx3Engine(language=Language.CANTONESE)}
    speech = Speech(tmp_path / "speech", Pyttsx3Engine(), None, cantonese)
    await speech.start()
    try:
        preparer = Preparer(db, made.keys.custody, speech, Timings())
        (call,) = await db.all(Q.due, {"limit": 9, "held": OF_THE_DRAW})
        media = (await preparer.prepare(call)).media
        await db.run("UPDATE expert SET language = %(language)s", {"language": heard})
        assert media == (await preparer.prepare(call)).media
        await db.run("UPDATE expert SET language = %(language)s", {"language": "cmn" if heard == "yue" else "yue"})
        other: Mapping[str, Sequence[str]] = (await preparer.prepare(call)).media
        assert media["invitation"] != other["invitation"]
    finally:
        await speech.close()
