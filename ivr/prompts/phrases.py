"""Every fixed phrase there is: what a human speaker records, and what is made before the first call."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

from .facts import (
    CallBackFacts,
    ChangeOfTimeFacts,
    ConditionCount,
    Ground,
    InvitationFacts,
    MaskedFacts,
    WithdrawalFacts,
    WitnessFacts,
)
from .frame import CHINA
from .inbound_line import inbound
from .language import Language
from .parts import Digits, Fixed, Prompt, language_of
from .translated import (
    call_back,
    change_of_time,
    invitation,
    leave,
    masked,
    number_check,
    release,
    reminder,
    urging,
    withdrawal,
)
from .zh import EXCLUSION_REASONS, witness


def fixed_phrases(language: Language = Language.MANDARIN) -> tuple[str, ...]:
    """Every fixed phrase of a language, once, in order; those too that prompts in another language have."""
    return tuple(dict.fromkeys(part.text for part in _fixed(language)))


def ready_made(language: Language = Language.MANDARIN) -> Prompt:
    """All that calls in a language share: the fixed phrases and the figures. Rendered before the first call may go out,
    it leaves only dates, times and places to be made for each gathering.
    """
    phrases = dict.fromkeys(replace(part, language=None) for part in _fixed(language))
    return Prompt("ready_made", (*phrases, *(Digits(str(figure)) for figure in range(10))), language)


def _fixed(language: Language) -> Iterator[Fixed]:
    for group in _samples():
        for prompt in group.values():
            for part in prompt.parts:
                if isinstance(part, Fixed) and language_of(part, prompt.language) is language:
                    yield part


def _samples() -> Iterator[Mapping[str, Prompt]]:
    """Prompts in which every fixed phrase is said at least once."""
    for language in Language:
        yield from _to_an_expert(language)
    yield witness(_EVERY_REASON)
    yield witness(replace(_EVERY_REASON, excluded={}))
    yield inbound(time(8), time(21))


def _to_an_expert(language: Language) -> Iterator[Mapping[str, Prompt]]:
    at = _EVERY_DETAIL.gather_at
    yield change_of_time(ChangeOfTimeFacts(at, at), language)
    yield from (withdrawal(WithdrawalFacts(at, ground), language) for ground in Ground)
    yield from (kind(_EVERY_DETAIL, language) for kind in (invitation, leave, release, urging, reminder))
    yield masked(MaskedFacts(1, recorded=True), language)
    yield call_back(CallBackFacts(_EVERY_DETAIL, leave=True), language)
    yield call_back(CallBackFacts(None), language)
    yield number_check(None, language)


_EVERY_DETAIL = InvitationFacts(
    gather_at=datetime(2026, 1, 1, 9, tzinfo=CHINA), district="市区", duration=timedelta(hours=1),
    address="地址", contact_phone="0", code="000000", room="室", contact="人", note="注",
)  # fmt: skip
_EVERY_REASON = WitnessFacts(
    activity="0", draw=1, pool_size=1, eligible=(ConditionCount(1, 1),), fingerprint="0" * 20, ledger_size=1,
    ledger_root="0", excluded={**dict.fromkeys(EXCLUSION_REASONS, 1), "other": 1},
)  # fmt: skip
