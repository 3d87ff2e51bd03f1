"""The stored order of a condition, read block by block: a pick touches the head and nothing else.

Blocks never change once written, so they are kept in memory, the least used dropped first. They are encrypted in the
database: whoever reads it must not learn who is next.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from db.contexts import ORDER_BLOCK
from db.pool import Transaction
from db.vault import Vault
from drawing.blocks import BLOCK, Entry, unpack_block
from drawing.chain import Q
from drawing.lots import Placed

_KEPT = 256  # blocks, some 100 kB each
_ORDER_BLOCK, _CONDITIONS = Q.order_block, Q.conditions


@dataclass(frozen=True, slots=True)
class Order:
    """The head of a condition's order, as far as it is loaded; `whole` when there is no more."""

    activity: str
    draw: int
    condition: str
    entries: tuple[Entry, ...]
    whole: bool

    def placed(self) -> Iterator[Placed]:
        """What `lots.next_pick` reads."""
        return (entry.placed for entry in self.entries)


class Orders:
    """Reads and remembers what a commit has fixed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._blocks: OrderedDict[tuple[str, int, str, int], tuple[Entry, ...]] = OrderedDict()
        self._seats: OrderedDict[tuple[str, int], Mapping[str, int]] = OrderedDict()

    async def head(self, tx: Transaction, activity: str, draw: int, condition: str, blocks: int) -> Order:
        """At least `blocks` blocks of an order, fewer only where it ends."""
        entries: list[Entry] = []
        for n in range(blocks):
            block = await self._block(tx, (activity, draw, condition, n))
            entries.extend(block)
            if len(block) < BLOCK:
                return Order(activity, draw, condition, tuple(entries), whole=True)
        return Order(activity, draw, condition, tuple(entries), whole=False)

    async def seats(self, tx: Transaction, activity: str, draw: int) -> Mapping[str, int]:
        """The seats of each condition, in the commit's order; fixed by the commit, like the order itself."""
        key = (activity, draw)
        if key not in self._seats:
            rows = await tx.all(_CONDITIONS, {"activity": activity})
            self._seats[key] = {row.id: row.seats for row in rows}
            if len(self._seats) > _KEPT:
                self._seats.popitem(last=False)
        return self._seats[key]

    async def _block(self, tx: Transaction, key: tuple[str, int, str, int]) -> tuple[Entry, ...]:
        if key in self._blocks:
            self._blocks.move_to_end(key)
            return self._blocks[key]
        activity, draw, condition, n = key
        data = await tx.value(_ORDER_BLOCK, {"activity": activity, "draw": draw, "condition": condition, "n": n})
        block = () if data is None else tuple(unpack_block(self._vault.decrypt(bytes(data), ORDER_BLOCK.at(*key))))
        self._blocks[key] = block
        if len(self._blocks) > _KEPT:
            self._blocks.popitem(last=False)
        return block
