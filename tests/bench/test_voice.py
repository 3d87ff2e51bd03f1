"""What the bench of the voices reckons with: the lines, the errors, and when an aim is missed. The recogniser is not run here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import voice
from bench.hearing import call, line, recogniser, score
from bench.hearing.sentences import ALL, CODES, SENTENCES
from ivr.prompts import invitation
from ivr.speech import audio


def tone(seconds: float) -> audio.Samples:
    """As it comes from a file: A-law."""
    at = np.arange(int(seconds * audio.RATE)) / audio.RATE
    return line.heard(audio.alaw_bytes(audio.to_pcm(0.2 * np.sin(2 * np.pi * 700 * at))))


def test_there_are_as_many_as_the_figures_are_of() -> None:
    assert len(SENTENCES) == 28
    assert {each.kind for each in SENTENCES} == {"fixed", "date", "time", "address", "telephone", "note"}
    assert min(sum(each.kind == kind for each in SENTENCES) for kind in {each.kind for each in SENTENCES}) == 4
    assert voice.FIGURES == 36
    assert all("".join(CODES).count(figure) >= 3 for figure in "0123456789")
    assert len({voice.said(each) for each in ALL}) == len(ALL)


def test_a_clean_line_changes_nothing_and_adds_its_own_silence() -> None:
    sound = tone(0.5)
    rest = int(line.AROUND * audio.RATE)
    heard = line.clean(sound, 1)
    assert np.array_equal(heard[rest:-rest], sound)
    assert not heard[:rest].any()
    assert not heard[-rest:].any()


def test_noise_is_twenty_db_under_the_voice_and_comes_from_the_seed() -> None:
    sound = tone(2.0)
    heard = line.noisy(sound, 1)
    noise = heard - line.clean(sound, 1)
    assert 20 * np.log10(np.sqrt(np.mean(noise**2)) / audio.loudness(sound)) == pytest.approx(-20, abs=0.3)
    assert np.array_equal(heard, line.noisy(sound, 1))
    assert not np.array_equal(heard, line.noisy(sound, 2))


def test_three_in_a_hundred_frames_are_lost_whole() -> None:
    sound = tone(60.0)
    heard = line.lossy(sound, 1)
    frames = heard.reshape(-1, line.FRAME)
    before = np.concatenate([line.clean(sound, 1), np.zeros(len(heard))])[: len(heard)].reshape(-1, line.FRAME)
    sounding = np.abs(before).max(axis=1) > 0.1
    lost = sounding & ~frames.any(axis=1)
    assert lost.sum() / sounding.sum() == pytest.approx(0.03, abs=0.01)
    assert np.array_equal(frames[~lost], before[~lost])
    assert np.array_equal(heard, line.lossy(sound, 1))


def test_the_recogniser_gets_the_same_sound_at_twice_the_rate() -> None:
    at = np.arange(16000) / 16000
    wide = line.wideband(np.sin(2 * np.pi * 700 * at[::2]))
    assert len(wide) == 16000
    assert np.abs(wide - np.sin(2 * np.pi * 700 * at))[200:-200].max() < 0.01


@pytest.mark.parametrize(
    ("said", "written", "characters", "pinyin", "tones"),
    [
        ("参加请按一", "参加请按1。", 0, 0, 0),
        ("参加请按一", "参加，请按一！", 0, 0, 0),
        ("参加请按一", "再加请按1", 1, 1, 1),
        ("集合时间是", "几何时间是", 2, 0, 1),
        ("您好", "", 2, 2, 2),
        ("您好", "您好您好", 2, 2, 2),
        ("二零二六年十一月二十三日，星期一", "2026年11月23日,星期一", 0, 0, 0),
        ("上午九点三十分", "上午9:30分", 0, 0, 0),
        ("上午九点三十分", "上午9點30分", 1, 0, 0),
        ("下午两点整", "下午2点整", 0, 0, 0),
        ("越华路一百一十八号三楼", "越华路118号3楼", 0, 0, 0),
        ("幺三八，零零幺三，八零零零", "138 0013 8000", 0, 0, 0),
        ("幺三八，零零幺三，八零零零", "138-0013-8000。", 0, 0, 0),
        ("幺二零三", "1203", 0, 0, 0),
        ("幺二零三", "１２０３", 0, 0, 0),
        ("幺二零三", "1273", 1, 1, 1),
        ("B座十二楼", "b座12楼", 0, 0, 0),
        ("两个半小时", "2个半小时", 0, 0, 0),
        ("广东", "光东", 1, 0, 1),
        ("您好", "您好 こんにちは", 0, 0, 0),
    ],
)
def test_errors_are_those_of_the_ear_and_not_of_the_spelling(
    said: str, written: str, characters: int, pinyin: int, tones: int
) -> None:
    found = score.errors(said, written)
    assert (found.characters, found.pinyin, found.tones) == (characters, pinyin, tones)
    assert found.said == len(score.sounds(said))


def test_a_sign_without_a_reading_is_an_error_and_no_failure() -> None:
    assert score.errors("您好", "您㐅").said == 2
    assert score.errors("您好", "您𠮷").pinyin == 1


SAID = "您的六位验证码是四八二，九幺三"


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("您的六位驗證碼是482913", 0),
        ("您的六位验证码是4-8-2-9-1-3", 0),
        ("您的六位验证码是四八二九腰三", 0),
        ("您的六位验证码是 482 973", 1),
        ("您的六位验证码是48293", 1),
        ("您的六位验证码是4829113", 1),
        ("您的衣冠码是482913", 0),
        ("您的六位验证码是", 6),
        ("", 6),
        ("您的六位验证码是482913482913482913", 6),
    ],
)
def test_a_figure_is_wrong_by_itself(written: str, wrong: int) -> None:
    assert score.wrong_figures("482913", SAID, written) == wrong


@pytest.mark.parametrize(("ours", "theirs", "found"), [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3)])
def test_distance(ours: str, theirs: str, found: int) -> None:
    assert score.distance(ours, theirs) == found == score.distance(theirs, ours)


def heard(name: str, over: str, pinyin: int, wrong: int = 0, of: int = 100) -> voice.Heard:
    return voice.Heard(name, over, {"fixed": score.Errors(0, pinyin, 0, of)}, wrong)


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        ([heard("natural", "clean", 5, 1), heard("natural", "noise", 8), heard("natural", "loss", 50)], 0),
        ([heard("natural", "clean", 6)], 1),
        ([heard("natural", "clean", 0, 2)], 1),
        ([heard("natural", "noise", 9, 30)], 1),
        ([heard("espeak", "clean", 60, 20), heard("espeak", "noise", 70)], 0),
        ([heard("natural", "files", 4), heard("natural", voice.CALL, 6)], 0),
        ([heard("natural", "files", 4), heard("natural", voice.CALL, 7)], 1),
    ],
)
def test_only_the_natural_voice_has_aims(found: list[voice.Heard], missed: int) -> None:
    assert len(voice.missed(found)) == missed


def test_what_was_heard_is_counted_by_kind_and_codes_apart() -> None:
    found = voice.scored("natural", "clean", [(each, voice.said(each)) for each in ALL])
    assert found.all.percent() == (0, 0, 0)
    assert found.wrong_figures == 0
    assert set(found.errors) == {each.kind for each in SENTENCES}
    nothing = voice.scored("natural", "clean", [(each, "") for each in ALL])
    assert nothing.all.percent() == (100, 100, 100)
    assert nothing.wrong_figures == voice.FIGURES


def test_a_call_is_cut_at_its_rests_and_nothing_is_left_out() -> None:
    prompt = invitation(call.facts("482913"))["details"]
    seconds = dict.fromkeys(prompt.parts, 2.0)
    cut = list(call.pieces(prompt, seconds))
    assert tuple(part for piece in cut for part in piece) == prompt.parts
    assert all(sum(seconds[part] for part in piece) >= call.SHORTEST for piece in cut[:-1])
    assert len(cut) > 5


def test_another_model_is_refused(tmp_path: Path) -> None:
    for part in recogniser.PARTS:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).write_bytes(b"another")
    with pytest.raises(recogniser.NoRecogniser, match="SHA-256 differs"):
        recogniser.model(tmp_path, tmp_path / "model")


def test_what_pip_says_is_told_and_nothing_half_made_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPERTLINE_CACHE", str(tmp_path))
    wrong = tmp_path / "requirements.txt"
    wrong.write_text("expertline-is-no-package @ file:///nowhere --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setattr(recogniser, "REQUIREMENTS", wrong)
    with pytest.raises(recogniser.NoRecogniser, match="nowhere"):
        recogniser.installed()
    assert list(tmp_path.iterdir()) == [wrong]
