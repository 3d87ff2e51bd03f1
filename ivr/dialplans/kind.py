"""What is known of a kind of call: who is called, by which flow, with which words, and who repeats it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from ivr.bridged import PairFlow
from ivr.calls import Flow
from ivr.dialplans.timings import Timings
from ivr.prompts import InvitationFacts, Language, Prompt

Weak = Callable[[str], str | None]
"""Names the prompt that says why digits can't be used (ivr.dialplans.witness), or None: they can."""
Matter = Mapping[str, Any]
"""What a call says besides its activity's facts, as its row has it."""


class Whom(Enum):
    EXPERT = auto()
    WITNESS = auto()  # 监督人, for a draw
    SUPERVISOR = auto()  # 监督人, about their registration: such a call belongs to no activity


class Again(Enum):
    """Who has a call repeated that did not come to what it is for."""

    BY_DRAW = auto()  # drawing.advance; such a call is held while its draw is not under way
    BY_RULES = auto()  # drawing.notices, as the rules' table [notices.KIND] says
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of call.

    `name` is what its rows and evidence say. `prompts` makes every prompt of the call from its facts; `facts`
    makes those from what is known of the gathering and the call's own matter. What an expert hears, or a supervisor about
    their registration, is had in every language (ivr.prompts.translated), what a witness hears in Mandarin.
    """

    name: str
    whom: Whom
    again: Again
    flow: Callable[[Timings, Weak], Flow]
    prompts: Callable[..., Mapping[str, Prompt]]
    facts: Callable[[InvitationFacts, Matter], Any] = lambda known, matter: known
    asks: bool = True
    """Whether the person is to press a key; where not, a call without any says nothing about the trunk (ivr.trunk_results)."""

    def says(
        self, known: InvitationFacts, matter: Matter, language: Language = Language.MANDARIN
    ) -> Mapping[str, Prompt]:
        """Every prompt of a call to an expert."""
        return self.prompts(self.facts(known, matter), language)


@dataclass(frozen=True, slots=True)
class PairKind:
    """A kind of call with two legs, staff first, then an expert. `flow` gets whether the talk is recorded; `prompts`
    the expert's language.
    """

    name: str
    again: Again
    flow: Callable[[Timings, bool], PairFlow]
    prompts: Callable[[Any, Language], Mapping[str, Prompt]]
    asks: bool = True
