"""What is sealed about experts and draws, for what; and who experts are, opened where a snapshot is computed.

In worker processes too: a key is never pickled. What travels is the path of its file, and each process opens it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from db.vault import Undecipherable, Vault
from drawing import pool

# As drawing.experts.store has them, whose imports would cost each worker process half a second.
NAME, ID_CARD, PHONE = "expert.name", "expert.id_card", "expert.phone"
ACTIVITY_KEY, POOL_KEY, POOL_BLOCK = "activity-key", "pool-key", "pool-block"


def name_block(activity: str, draw: int, first: str) -> str:
    """What a block of names is sealed for: it opens in its own place only."""
    return f"name-block:{activity}:{draw}:{first}"


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
    """`pool.Identities` under the master key of this file; raises Unopened."""

    master_key: Path

    def __call__(self, expert: pool.Expert) -> pool.Identity:
        vault = _vault(self.master_key)
        try:
            name = vault.decrypt(expert.name_enc, NAME)
            id_no = vault.decrypt(expert.id_card_enc, ID_CARD)
        except Undecipherable:
            raise Unopened(expert.number) from None
        return pool.Identity(name.decode(), expert.unit, id_no.decode())


@lru_cache(maxsize=2)
def _vault(master_key: Path) -> Vault:
    return Vault.open(master_key)
