"""The real voices of the three languages: each is the one that was meant, and knows every sign of its wording."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from drawing.reference import reference
from ivr.prompts import Fixed, Language, Prompt, Text, fixed_phrases, invitation, ready_made
from ivr.speech import CommandEngine, NoVoice, Pyttsx3Engine, RenderFailed, Speech, audio, make_speech, recording_name
from ivr.speech.pyttsx3_process import mandarin_voice
from ivr.speech.respelling import CANTONESE_HOMOPHONES, respell_cantonese
from ivr.speech.saying import saying
from tests.ivr.facts import INVITATION, told

pytestmark = pytest.mark.speech
ALL = [language.value for language in Language]

# Signs of the wording and of addresses whose traditional form differs.
SIMPLIFIED = "东广张请选择确认为参加听电话号码证键无效没收到系统暂时记录对满会议室楼层区县镇龙岗门园场车华兴丰乐"
TRADITIONAL = "東廣張請選擇確認為參加聽電話號碼證鍵無效沒收到系統暫時記錄對滿會議室樓層區縣鎮龍崗門園場車華興豐樂"


def phonemes(voice: str, text: str) -> list[str]:
    """A line for each line of text."""
    command = ["espeak-ng", "-v", voice, "-q", "-x", "--stdin"]
    said = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return said.split("\n")


async def test_each_language_has_its_own_voice(tmp_path: Path, espeak_version: str) -> None:
    voices = make_speech(tmp_path, languages=ALL)
    await voices.start()
    try:
        assert voices.languages == set(Language)
        names = {language: voices._engines[language].identity.split("/")[2] for language in Language}
        assert names == {
            Language.MANDARIN: mandarin_voice(espeak_version), Language.CANTONESE: "yue", Language.ENGLISH: "en",
        }  # fmt: skip
        chinese = (Language.MANDARIN, Language.CANTONESE)
        same = [await voices.render(Prompt("x", (Fixed("再见。"),), language)) for language in chinese]
        assert len(set(same)) == 2  # the same words are another sound in each
    finally:
        await voices.close()


def _tones(text: str) -> list[str]:
    """The syllables that the Cantonese voice makes of hanzi, one sign a line so that no word changes another's tone."""
    lines = phonemes("yue", "".join(f"{sign}。\n\n" for sign in text))
    return [line.strip() for line in lines if line.strip()]


def test_the_cantonese_voice_reads_both_scripts_alike() -> None:
    assert len(SIMPLIFIED) == len(TRADITIONAL)
    assert _tones(SIMPLIFIED) == _tones(TRADITIONAL)


def test_the_cantonese_voice_knows_every_sign_of_the_wording_and_of_the_places() -> None:
    places = "".join(region.name for region in reference().regions.values())
    signs = {sign for phrase in fixed_phrases(Language.CANTONESE) for sign in saying(Text(phrase), Language.CANTONESE).text}
    signs |= set("零一二三四五六七八九十百千万亿两点正分钟头日月年星期转至杠栋座楼层号室路街道") | set(places)
    hanzi = sorted(sign for sign in signs if "一" <= sign <= "\u9fff")
    heard = _tones("".join(hanzi))
    assert len(heard) == len(hanzi)
    for sign, sound in zip(hanzi, heard, strict=True):
        assert re.search(r"[a-z].*[1-9]", sound), sign
        assert "(en)" not in sound, sign


def jyutping(text: str) -> tuple[str, list[str]]:
    """The letters and the tones of a Cantonese text; espeak-ng writes a tone before the last consonant, and ng as N."""
    letters = re.sub(r"[^a-z]", "", text.replace("N", "ng"))
    return letters, re.findall(r"\d", text)


READ: Mapping[str, str] = {
    "评标": "ping4 biu1", "评审专家库": "ping4 sam2 zyun1 gaa1 fu3", "验证码": "jim6 zing3 maa5", "邀请": "jiu1 cing2",
    "请假": "cing2 gaa3", "流标": "lau4 biu1", "不可抗力": "bat1 ho2 kong3 lik6", "集合时间": "zaap6 hap6 si4 gaan3",
    "集合地点": "zaap6 hap6 dei6 dim2", "改为": "goi2 wai4", "因为": "jan1 wai6", "计划": "gai3 waak6",
    "登记": "dang1 gei3", "到场": "dou3 coeng4", "挂线": "gwaa3 sin3", "星号键": "sing1 hou6 gin6",
    "拣咗": "gaan2 zo2", "畀您": "bei2 nei5", "而家": "ji4 gaa1", "唔使": "ng4 sai2", "唔好": "ng4 hou2",
    "冇变": "mou5 bin3", "仲未": "zung6 mei6", "睇唔到": "tai2 ng4 dou3", "即刻": "zik1 hak1",
    "九点三十分": "gau2 dim2 saam1 sap6 fan1",
    "零一二三四五六七八九十": "ling4 jat1 ji6 saam1 sei3 ng5 luk6 cat1 baat3 gau2 sap6",
    "两个半钟头": "loeng5 go3 bun3 zung1 tau4", "星期日": "sing1 kei4 jat6", "十二月二十三日": "sap6 ji6 jyut6 ji6 sap6 saam1 jat6",
    "广州市越秀区": "gwong2 zau1 si5 jyut6 sau3 keoi1", "佛山": "fat6 saan1", "番禺": "pun1 jyu4", "东莞": "dung1 gun2",
    "汕尾": "saan3 mei5", "揭阳": "kit3 joeng4", "增城": "zang1 sing4", "深圳": "sam1 zan3",
    "龙湖区长平路": "lung4 wu4 keoi1 coeng4 ping4 lou6",
    "我哋": "ngo5 dei6", "电话": "din6 waa2", "呢个": "lei1 go3", "呢次": "lei1 ci3", "再听": "zoi3 teng1",
    "禅城": "sim4 sing4", "赤坎": "cek3 ham2", "四会市": "sei3 wui6 si5",
}  # fmt: skip
"""What decides in a call, and what is respelt, in jyutping; 唔 is m4, which this voice lacks."""


@pytest.mark.parametrize(("hanzi", "said"), READ.items())
def test_the_cantonese_voice_reads_it_right(hanzi: str, said: str) -> None:
    text = saying(Text(hanzi), Language.CANTONESE).text
    assert jyutping(" ".join(phonemes("yue", respell_cantonese(text))).replace("7", "1")) == jyutping(said)


def test_no_cantonese_word_is_respelt_in_vain() -> None:
    for word in CANTONESE_HOMOPHONES:
        assert jyutping("".join(phonemes("yue", word))) != jyutping("".join(phonemes("yue", respell_cantonese(word))))


def syllables(text: str, language: Language) -> int:
    if language is not Language.ENGLISH:
        return sum(sign not in "，。：" for sign in text)
    words = (re.sub(r"(?<=[a-z]{2})e\b", "", word) for word in re.findall(r"[a-z']+", text.lower()))
    return sum(max(1, len(re.findall(r"[aeiouy]+", word))) for word in words)


@pytest.mark.parametrize("language", list(Language))
async def test_no_phrase_is_cut_or_endless_and_all_languages_have_one_pace(tmp_path: Path, language: Language) -> None:
    engine = Pyttsx3Engine(language=language)
    await engine.start()
    voices = Speech(tmp_path, Pyttsx3Engine(), None, {language: engine})
    voices._engines = {language: engine}
    voices._cache.open()
    said, lasted = 0, 0.0
    try:
        for phrase in fixed_phrases(language):
            prompt = Prompt("x", (Fixed(phrase),), language)
            await voices.render(prompt)
            count, seconds = syllables(saying(Fixed(phrase), language).text, language), voices.seconds(prompt)
            assert 2.0 <= count / seconds <= 7.0, phrase
            said, lasted = said + count, lasted + seconds
        print(f"{language.value}: {said / lasted:.2f} syllables a second")
        assert 3.5 <= said / lasted <= 4.3
    finally:
        await engine.close()


async def test_a_phrase_in_another_language_is_left_out_where_nobody_speaks_it(tmp_path: Path) -> None:
    menu = told("call_back", Language.MANDARIN)["languages"]
    only_mandarin = make_speech(tmp_path)
    all_three = make_speech(tmp_path, languages=ALL)
    for voices in (only_mandarin, all_three):
        await voices.start()
    try:
        heard = await all_three.render(menu)
        assert len(heard) == len(menu.parts)
        assert await only_mandarin.render(menu) == (heard[0], heard[1], heard[3])  # one phrase and two pauses
        (alone,) = await all_three.render(Prompt("x", (Fixed("For English, press 3."),), Language.ENGLISH))
        assert alone == heard[4]
    finally:
        await only_mandarin.close()
        await all_three.close()


async def test_a_language_whose_voice_is_missing_stops_the_start_by_name(tmp_path: Path) -> None:
    others = {Language.CANTONESE: Pyttsx3Engine(language=Language.CANTONESE, voice="nosuch")}
    mandarin = Pyttsx3Engine()
    with pytest.raises(NoVoice, match=r"lacks the Cantonese voice nosuch.*apt-get install espeak-ng"):
        await Speech(tmp_path, mandarin, None, others).start()
    assert mandarin.pid is None  # nothing is left running


async def test_a_language_that_is_not_set_up_is_not_said_in_another(tmp_path: Path) -> None:
    voices = make_speech(tmp_path)
    await voices.start()
    try:
        assert voices.languages == {Language.MANDARIN}
        with pytest.raises(RenderFailed, match="no voice is set up for English"):
            await voices.render(ready_made(Language.ENGLISH))
    finally:
        await voices.close()


async def test_a_voice_that_can_not_speak_the_language_is_refused(tmp_path: Path) -> None:
    beep = tmp_path / "beep.wav"
    beep.write_bytes(audio.wav_bytes((9000 * np.sin(np.arange(4000))).astype(np.int16)))
    for language, name in ((Language.CANTONESE, "Cantonese"), (Language.ENGLISH, "English")):
        with pytest.raises(NoVoice, match=f"does not speak {name}"):
            await CommandEngine(["cp", str(beep), "{wav}"], language=language).start()


async def test_after_what_is_made_ready_only_the_facts_of_a_gathering_are_left(tmp_path: Path, espeak_version: str) -> None:
    log = tmp_path / "runs"
    script = f'echo run >> "{log}"; exec espeak-ng -v {mandarin_voice(espeak_version)} --stdin -w "$1"'
    voices = make_speech(tmp_path / "cache", command=["sh", "-c", script, "sh", "{wav}"])
    await voices.start()
    await voices.prepare([ready_made()])
    before = log.read_text().count("run")
    await voices.render_all(invitation(INVITATION))
    # date and time, each also short and brisk; district, length; then address, room, contact, telephone, note: the 验证码 is
    # made of figures
    assert log.read_text().count("run") - before == 11
    await voices.render_all(invitation(INVITATION))
    assert log.read_text().count("run") - before == 11
    await voices.close()


async def test_a_recording_is_of_one_language(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    whistle = 0.3 * np.sin(2 * np.pi * 700 * np.arange(8000) / 8000)
    (folder / recording_name("再见。", Language.CANTONESE)).write_bytes(audio.wav_bytes(audio.to_pcm(whistle)))
    voices = make_speech(tmp_path / "cache", folder, languages=["cmn", "yue"])
    await voices.start()
    try:
        loudest = {}
        for language in (Language.MANDARIN, Language.CANTONESE):
            (path,) = await voices.render(Prompt("x", (Fixed("再见。"),), language))
            samples, _ = audio.read_wav(Path(path + ".wav").read_bytes())
            loudest[language] = np.abs(np.fft.rfft(samples)).argmax() * audio.RATE / len(samples)
        assert loudest[Language.CANTONESE] == pytest.approx(700, abs=10)
        assert loudest[Language.MANDARIN] != pytest.approx(700, abs=10)
    finally:
        await voices.close()


def listed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "ivr.speech", *arguments], capture_output=True, text=True, check=False)


def test_the_list_of_phrases_says_what_is_recorded_and_what_belongs_to_none(tmp_path: Path) -> None:
    wav = audio.wav_bytes((9000 * np.sin(np.arange(4000))).astype(np.int16))
    phrase = fixed_phrases(Language.CANTONESE)[0]
    for name in (recording_name(phrase, Language.CANTONESE), "misnamed.wav"):
        (tmp_path / name).write_bytes(wav)
    rows = [row.split("\t") for row in listed(str(tmp_path)).stdout.splitlines()]
    assert [recording_name(phrase, Language.CANTONESE), "yue", "recorded", phrase] in rows
    assert sum(row[2] == "recorded" for row in rows) == 1
    assert rows[-1] == ["misnamed.wav", "?", "belongs to no phrase"]
    assert len(listed().stdout.splitlines()) == sum(len(fixed_phrases(language)) for language in Language)
    (tmp_path / "misnamed.wav").write_bytes(b"")
    refused = listed(str(tmp_path))
    assert refused.returncode == 1
    assert "misnamed.wav can't be used: the file is empty" in refused.stderr
