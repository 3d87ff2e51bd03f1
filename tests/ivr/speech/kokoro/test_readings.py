"""How hanzi are read and written in the model's symbols: against readings that were checked by hand, and against what the
model's own front end (misaki 0.9.4 with jieba and pypinyin 0.55) gave for the same text. Nothing here needs the model.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from drawing.reference import reference
from ivr.prompts import Fixed, Language, fixed_phrases
from ivr.speech.free_text import free_text
from ivr.speech.kokoro.pinyin import LETTERS, Unreadable, read, syllables
from ivr.speech.kokoro.readings import WORDS
from ivr.speech.kokoro.symbols import LONGEST, VOCABULARY, ipa, numbers, runs, symbols
from ivr.speech.normalise import spoken_text

FACTS = Path(__file__).with_name("facts")
OTHERWISE = {
    "抽取终端把这个电话登记为监督人的电话，以后抽取专家时，会用它请监督人见证。现在请您核验。": (
        "wei↘ʨjɛ→ntu",
        "wei↗ʨjɛ→ntu",
    ),
    "核验码不对。": ("pu↘twei", "pu↗twei"),
    "数字的位数不对，应当是8到12位。": ("pu↘twei", "pu↗twei"),
}
"""Where misaki reads a fixed phrase otherwise, and we do better: 登记为 is wei2, and 不 before a fourth tone is bu2."""


def facts(name: str) -> Iterator[list[str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def said(text: str) -> str:
    return symbols(read(free_text(text)))


def test_each_place_of_guangdong_is_read_as_it_is_called() -> None:
    known = dict(facts("places.tsv"))
    assert sum(name.endswith(("路", "街", "道", "巷")) for name in known) >= 300
    assert {each.name for each in reference().regions.values()} <= known.keys()
    wrong = {name: " ".join(syllables(name)) for name, reading in known.items() if " ".join(syllables(name)) != reading}
    assert not wrong


def test_each_specialty_has_the_checked_reading_where_a_sign_has_several() -> None:
    wanted = {(sign, reading): set(contexts.split()) for sign, reading, contexts in facts("specialties.tsv")}
    signs = {sign for sign, _ in wanted}
    found = defaultdict(set)
    for specialty in reference().specialties.values():
        for run in "".join(sign if "\u4e00" <= sign <= "\u9fff" else " " for sign in specialty.name).split():
            for at, (sign, reading) in enumerate(zip(run, syllables(run), strict=True)):
                if sign in signs:
                    found[sign, reading].add(run[max(0, at - 1) : at + 2])
    assert found == wanted


def test_every_specialty_can_be_said() -> None:
    specialties = reference().specialties.values()
    assert len(specialties) == 2140
    assert all(numbers(said(each.name)) for each in specialties)


def test_fixed_phrases_are_written_as_the_models_own_front_end_writes_them() -> None:
    """But for the spaces: jieba knows more words."""
    for phrase, theirs in facts("misaki_phrases.tsv"):
        was, ours = OTHERWISE.get(phrase, ("", ""))
        wanted = theirs.replace(" ", "").rstrip(",")
        assert not was or was in wanted
        assert symbols(read(spoken_text(Fixed(phrase)))).replace(" ", "") == wanted.replace(was, ours), phrase


def test_every_fixed_phrase_of_today_can_be_read() -> None:
    for phrase in fixed_phrases(Language.MANDARIN):
        assert numbers(symbols(read(spoken_text(Fixed(phrase)))))


def test_every_syllable_is_written_as_the_models_own_front_end_writes_it() -> None:
    """All that pypinyin knows, but two that misaki writes as others: yo and the foreign wong."""
    for syllable, theirs in facts("misaki_syllables.tsv"):
        if syllable not in ("yo1", "wong4"):
            assert ipa(syllable) == theirs, syllable
            assert numbers(ipa(syllable))
    assert ipa("yo1") == "jɔ→"
    for tone, arrow in zip("12345", ("→", "↗", "↓", "↘", ""), strict=True):
        assert ipa(f"ma{tone}") == f"ma{arrow}"


@pytest.mark.parametrize("wrong", ["", "3", "xyz1", "ni", "ni6", "zhv1x", "𠮷5", "wong4", "1", "ong"])
def test_what_is_no_pinyin_is_refused(wrong: str) -> None:
    with pytest.raises(Unreadable):
        ipa(wrong)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("如果不是您打的，请挂机", "ru2 guo3 bu2 shi4 nin2 da3 de5 qing3 gua4 ji1"),  # not 打的, a taxi
        ("您的确认", "nin2 de5 que4 ren4"),  # not 的确
        ("的确是您", "di2 que4 shi4 nin2"),
        ("目的、标的、的士", "mu4 di4 biao1 di4 di1 shi4"),
        ("集合地点为佛山", "ji2 he2 di4 dian3 wei2 fo2 shan1"),
        ("为您登记", "wei4 nin2 deng1 ji4"),
        ("因为流标", "yin1 wei4 liu2 biao1"),
        ("以本通知为准", "yi3 ben3 tong1 zhi1 wei2 zhun3"),
        ("广州市长堤大马路", "guang3 zhou1 shi4 chang2 di1 da4 ma3 lu4"),  # no 市长
        ("龙湖区长平路", "long2 hu2 qu1 chang2 ping2 lu4"),
        ("越秀区长胜街", "yue4 xiu4 qu1 chang2 sheng4 jie1"),
        ("校长、区长、组长", "xiao4 zhang3 qu1 zhang3 zu3 zhang3"),
        ("时长、长期、加长", "shi2 chang2 chang2 qi1 jia1 chang2"),
        ("银行、支行、行政、纸行路", "yin2 hang2 zhi1 hang2 xing2 zheng4 zhi3 hang2 lu4"),
        ("重新、重点、重庆", "chong2 xin1 zhong4 dian3 chong2 qing4"),
        ("朝阳路、朝鲜、朝西", "chao2 yang2 lu4 chao2 xian1 chao2 xi1"),
        ("大厦、厦门、塘厦", "da4 sha4 xia4 men2 tang2 xia4"),
        ("麻涌、涌现、汹涌", "ma2 chong1 yong3 xian4 xiong1 yong3"),
        ("大埔、黄埔", "da4 bu4 huang2 pu3"),
        ("番禺、一番、东莞", "pan1 yu2 yi1 fan1 dong1 guan3"),
        ("调整、调查、协调", "tiao2 zheng3 diao4 cha2 xie2 tiao2"),
        ("电子、房子、种子、因子", "dian4 zi3 fang2 zi5 zhong3 zi5 yin1 zi3"),
        ("曾老师、曾任、未曾", "zeng1 lao3 shi1 ceng2 ren4 wei4 ceng2"),
        ("区女士、任先生、单小姐", "ou1 nv3 shi4 ren2 xian1 sheng1 shan4 xiao3 jie3"),
        ("单丽华女士、任工", "shan4 li4 hua2 nv3 shi4 ren2 gong1"),
        ("单位主管、任务老师、单总价", "dan1 wei4 zhu3 guan3 ren4 wu4 lao3 shi1 dan1 zong3 jia4"),
        ("天河区女士", "tian1 he2 qu1 nv3 shi4"),
        ("区庄立交、荔湾区庄头", "ou1 zhuang1 li4 jiao1 li4 wan1 qu1 zhuang1 tou2"),
        ("员工、任务、单位、解放", "yuan2 gong1 ren4 wu4 dan1 wei4 jie3 fang4"),
        ("差旅费、差异、差一点", "chai1 lv3 fei4 cha1 yi4 cha4 yi4 dian3"),
        ("会计、会议", "kuai4 ji4 hui4 yi4"),
        ("一会儿、这儿、儿童", "yi1 hui4 er5 zhe4 er5 er2 tong2"),
        ("幺二〇三室", "yao1 er4 ling2 san1 shi4"),
    ],
)
def test_words_are_read_by_what_stands_around(text: str, reading: str) -> None:
    assert " ".join(syllables(text)) == reading


def test_our_words_have_a_syllable_for_each_sign() -> None:
    for word, reading in WORDS.items():
        assert syllables(word) == reading.split(), word
        assert all(map(ipa, reading.split()))


def test_letters_are_named_as_in_mandarin() -> None:
    assert len(LETTERS) == 26
    assert said("B座") == "pi↘ ʦwo↘"
    assert said("VIP厅") == "wei→ ai↘ pʰi↘ tʰi→ŋ"
    assert all(numbers(ipa(each)) for name in LETTERS.values() for each in name.split())


def test_stops_are_the_models() -> None:
    assert said("好！好：好？好；好、好，好。") == "xau↓! xau↓: xau↓? xau↓; xau↓, xau↓, xau↓."


def test_a_sign_without_a_reading_is_refused_by_its_number_alone() -> None:
    with pytest.raises(Unreadable, match=r"^no reading for U\+20BB7$"):
        said("𠮷先生")


def test_a_long_text_is_cut_where_one_breathes() -> None:
    text = said("请您带好证件，准时到场。" * 40)
    parts = list(runs(text))
    assert len(parts) > 1
    assert all(0 < len(part) <= LONGEST for part in parts)
    assert all(part.endswith((",", ".")) for part in parts)
    assert " ".join(parts) == text
    unbroken = list(runs("a" * 1200))
    assert "".join(unbroken) == "a" * 1200
    assert max(map(len, unbroken)) == LONGEST


def test_the_vocabulary_has_its_114_symbols() -> None:
    assert len(VOCABULARY) == len(set(VOCABULARY.values())) == 114
    known = {"→": 171, "↗": 172, "↓": 169, "↘": 173, "ꭧ": 23, "ɨ": 101, ",": 3, "m": 55, "y": 67, "ŋ": 112, "ᵻ": 177}
    assert known.items() <= VOCABULARY.items()


def test_an_r_coloured_syllable_is_one_word_with_what_it_colours() -> None:
    """儿化, as misaki writes it: the syllable, then an r without a tone, and no space between them. A child is a syllable."""
    for word, is_coloured in facts("erhua.tsv"):
        for before, after in (("", ""), ("您在", "集合"), ("早", "到")):
            text = before + word + after
            ours = [each for each in syllables(text) if each.startswith("er")]
            assert ours == [{"yes": "er5", "no": "er2"}[is_coloured]], text
            if is_coloured == "yes":
                (coloured,) = [each for each in read(text) if "er5" in each]
                assert len(coloured) > 1, text
                assert symbols([coloured]).endswith("ɚ")
