"""A second voice for Mandarin: all of a call is said by it or none, and no call holds up another while it works."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.prompts import Fixed, Language, Name, Prompt, Text, invitation
from ivr.speech import NotYet, Pyttsx3Engine, RenderFailed, Speech, make_speech
from ivr.speech.kokoro.engine import KokoroEngine
from ivr.speech.patience import HOPELESS_SECONDS, PATIENCE_SECONDS, Patience
from tests.ivr.facts import INVITATION
from tests.ivr.speech.second_voice import UNSPEAKABLE, Natural

speech_only = pytest.mark.speech
CALL = {
    "first": Prompt("first", (Fixed("您好。"), Fixed("参加，请按一。"))),
    "second": Prompt("second", (Name(f"{UNSPEAKABLE}工"), Fixed("再见。"))),
}
ANOTHER = {"first": Prompt("first", (Fixed("您好。"), Name("张工")))}


@pytest.fixture
def natural(tmp_path: Path, espeak_version: str) -> Natural:
    return Natural(tmp_path, espeak_version)


@pytest_asyncio.fixture
async def both(tmp_path: Path, natural: Natural) -> AsyncIterator[Speech]:
    english = Pyttsx3Engine(language=Language.ENGLISH)
    speech = Speech(tmp_path / "cache", Pyttsx3Engine(), None, {Language.ENGLISH: english}, {Language.MANDARIN: natural.engine})
    await speech.start()
    yield speech
    natural.go.touch()
    await speech.close()


@pytest_asyncio.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Speech]:
    """As today, in the same cache: whose names say who has spoken."""
    english = Pyttsx3Engine(language=Language.ENGLISH)
    speech = Speech(tmp_path / "cache", Pyttsx3Engine(), None, {Language.ENGLISH: english})
    await speech.start()
    yield speech
    await speech.close()


async def ready(speech: Speech, prompts: dict[str, Prompt]) -> dict[str, tuple[str, ...]]:
    """Asked again and again, as the dispatcher does."""
    while True:
        try:
            return dict(await speech.render_all(prompts, wait=False))
        except NotYet:
            await asyncio.sleep(0.01)


@speech_only
async def test_a_call_is_said_by_one_voice_even_where_the_better_one_fails(
    both: Speech, plain: Speech, caplog: pytest.LogCaptureFixture
) -> None:
    heard = await both.render_all(CALL)
    assert heard == await plain.render_all(CALL)
    assert "spoken without the natural voice" in caplog.text
    assert UNSPEAKABLE not in caplog.text
    other, without = await both.render_all(ANOTHER), await plain.render_all(ANOTHER)
    assert not set(other["first"]) & set(without["first"])  # what it can say, it says


@speech_only
async def test_what_failed_is_not_tried_again_for_each_call(both: Speech, natural: Natural) -> None:
    for _ in range(3):
        await both.render_all(CALL)
    assert sum(UNSPEAKABLE in text for text in natural.asked()) == 1


@speech_only
async def test_nobody_is_held_up_while_it_is_at_work(both: Speech, plain: Speech, natural: Natural) -> None:
    natural.go.unlink()
    with pytest.raises(NotYet):
        await both.render_all(ANOTHER, wait=False)
    with pytest.raises(NotYet):
        await both.render_all(ANOTHER, wait=False)
    natural.go.touch()
    heard = await ready(both, ANOTHER)
    assert heard != await plain.render_all(ANOTHER)
    assert await both.render_all(ANOTHER, wait=False) == heard
    assert natural.asked().count("您好。") == 1


@speech_only
async def test_after_a_while_the_other_voice_says_all_of_it(
    both: Speech, plain: Speech, natural: Natural, monkeypatch: pytest.MonkeyPatch
) -> None:
    natural.go.unlink()
    with pytest.raises(NotYet):
        await both.render_all(ANOTHER, wait=False)
    monkeypatch.setattr("ivr.speech.patience.PATIENCE_SECONDS", -1.0)
    assert await both.render_all(ANOTHER, wait=False) == await plain.render_all(ANOTHER)
    natural.go.touch()
    assert await both.render_all(ANOTHER) != await plain.render_all(ANOTHER)  # the next call has it


@speech_only
async def test_the_failing_call_is_ready_at_once_after_it_failed(both: Speech, plain: Speech) -> None:
    assert await ready(both, CALL) == await plain.render_all(CALL)


@speech_only
async def test_hanzi_in_an_english_call_are_said_by_it_and_english_is_not(both: Speech, plain: Speech) -> None:
    prompt = {"x": Prompt("x", (Fixed("Goodbye."), Text("请走东门")), Language.ENGLISH)}
    (goodbye, gate), (goodbye_plain, gate_plain) = (
        (await both.render_all(prompt))["x"],
        (await plain.render_all(prompt))["x"],
    )
    assert goodbye == goodbye_plain
    assert gate != gate_plain


@speech_only
async def test_a_lost_sound_is_made_again_by_the_voice_it_had(both: Speech, natural: Natural) -> None:
    heard = await both.render_all(ANOTHER)
    asked = natural.asked()
    Path(heard["first"][0] + ".alaw").unlink()
    assert both.lost(heard["first"]) == heard["first"][0]
    await both.mend(heard["first"])
    assert both.lost(heard["first"]) is None
    assert len(natural.asked()) == len(asked) + 1


@speech_only
async def test_without_an_installed_voice_all_is_as_before_and_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    as_before = make_speech(tmp_path / "cache")
    speech = make_speech(tmp_path / "cache", natural=tmp_path / "voice")
    for each in (as_before, speech):
        await each.start()
    assert await speech.render_all(invitation(INVITATION), wait=False) == await as_before.render_all(
        invitation(INVITATION)
    )
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no natural voice is installed" in caplog.text
    for each in (as_before, speech):
        await each.close()


def test_a_command_of_ones_own_comes_before_the_natural_voice(tmp_path: Path) -> None:
    assert isinstance(make_speech(tmp_path, natural=tmp_path)._natural[Language.MANDARIN], KokoroEngine)
    assert not make_speech(tmp_path, None, ["say", "{wav}"], natural=tmp_path)._natural


def test_patience_has_an_end_and_comes_back() -> None:
    patience = Patience()
    for now in (0.0, PATIENCE_SECONDS):
        with pytest.raises(NotYet):
            patience.wait({"a", "b"}, now)
    with pytest.raises(RenderFailed):
        patience.wait({"a"}, PATIENCE_SECONDS + 1)
    patience.made("a")
    with pytest.raises(NotYet):
        patience.wait({"a"}, PATIENCE_SECONDS + 1)


def test_what_failed_is_tried_again_much_later() -> None:
    patience = Patience()
    patience.check("a", 0.0)
    patience.failed("a", 0.0)
    patience.check("b", 1.0)
    with pytest.raises(RenderFailed):
        patience.check("a", HOPELESS_SECONDS - 1)
    patience.check("a", HOPELESS_SECONDS)
    patience.made("a")
    patience.check("a", 1.0)
