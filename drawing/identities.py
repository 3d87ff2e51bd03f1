"""Who experts are, opened where a snapshot is computed.

In worker processes too: a key is never pickled. What travels is the path of its file, and each process opens it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from db.contexts import EXPERT_ID_CARD, EXPERT_NAME
from db.vault import Undecipherable, Vault
from drawing import pool


class Unopened(Exception):
    """The sealed name or 证件号 of an expert does not open: the pool can't be fixed, because nobody may be dropped unseen.

    The message names the expert by their number in the pool, which says nothing outside of the database.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        return f"the sealed name or 证件号 of expert {self.number} does not open: restore that row, then the draw goes on"


@dataclass(frozen=True, slots=True)
class SealedIdentities:
    """`pool.Identities` under the master key of this file; raises Unopened. former_opens: as of the vault that was confirmed."""

    master_key: Path
    former_opens: bool = False

    def __call__(
        self, numbers: Sequence[int], names: Sequence[bytes], id_cards: Sequence[bytes]
    ) -> tuple[list[str], list[str]]:
        return _opener(self.master_key, self.former_opens)(numbers, names, id_cards)


@lru_cache(maxsize=2)
def _opener(master_key: Path, former_opens: bool) -> pool.Identities:
    vault = Vault.open(master_key)
    vault.former_opens = former_opens
    name_of, id_no_of = vault.opener(EXPERT_NAME), vault.opener(EXPERT_ID_CARD)

    def opened(numbers: Sequence[int], names: Sequence[bytes], id_cards: Sequence[bytes]) -> tuple[list[str], list[str]]:
        try:
            found, id_nos = name_of(names, numbers), id_no_of(id_cards, numbers)
        except Undecipherable:
            raise Unopened(first_unopened(numbers, names, id_cards)) from None
        return list(map(bytes.decode, found)), list(map(bytes.decode, id_nos))

    def first_unopened(numbers: Sequence[int], names: Sequence[bytes], id_cards: Sequence[bytes]) -> int:
        for number, name, id_card in zip(numbers, names, id_cards, strict=True):
            try:
                name_of([name], [number]), id_no_of([id_card], [number])
            except Undecipherable:
                return number
        raise AssertionError("all of them open")

    return opened
