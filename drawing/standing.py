"""Who stands in the orders of one draw, in little memory: a million experts in about 100 bytes each.

The verifier reads the pool line by line when it knows the seed already. Of each expert in an order it keeps the id and
the units as bytes, and of each order a sorted array of their places; objects for each of them would take ten times that.

>>> standing = Standing(b"s" * 32, ["c1"], Room(1000))
>>> for expert, tier in (("a", 1), ("b", 0), ("c", 0)):
...     standing.add(expert, {"c1": tier}, ["ab" * 32])
>>> [place.expert for place in standing.orders()["c1"]]
['c', 'b', 'a']
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import overload

from drawing.lots import Placed, ticket

_UNIT = 32
_PLACE = 4
_KEY = 1 + 32 + _PLACE  # tier ‖ ticket ‖ the expert's place
_END = 8
_RUN = 1 << 18  # keys that are objects at the same time


class TooMuch(Exception):
    """More is to be kept than the verifier may take."""


class Room:
    """How many bytes may still be kept, for all draws together."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, size: int) -> None:
        """Keep so many more; a negative size gives them back. Raises TooMuch."""
        self._left -= size
        if self._left < 0:
            raise TooMuch


class Standing:
    """Collects those who stand in the orders of a draw under its seed; ids ascend, and units are hex SHA-256."""

    def __init__(self, seed: bytes, conditions: Iterable[str], room: Room) -> None:
        self._seed, self._room = seed, room
        self._keys = {name: bytearray() for name in conditions}
        self._people = _People()

    def add(self, expert: str, tiers: Mapping[str, int], units: Sequence[str]) -> None:
        """An expert with their tier in each condition where they stand. Raises TooMuch."""
        place = self._people.add(expert, units).to_bytes(_PLACE, "big")
        for name, tier in tiers.items():
            self._keys[name] += bytes([tier]) + ticket(self._seed, name, expert) + place
        self._room.take(_KEY * len(tiers) + len(expert) + _UNIT * len(units) + 2 * _END)

    def orders(self) -> dict[str, "Order"]:
        """Each condition's order: ascending by (tier, ticket, id). What was collected for it is given up."""
        found = {}
        for name in list(self._keys):
            keys = self._keys.pop(name)
            found[name] = Order(self._people, _sorted(keys))
            self._room.take(_PLACE * len(found[name]) - len(keys))
        return found


class _People:
    """Ids and units by place, without an object for each."""

    def __init__(self) -> None:
        self._ids, self._id_ends = bytearray(), array("Q", [0])
        self._units, self._unit_ends = bytearray(), array("Q", [0])

    def add(self, expert: str, units: Sequence[str]) -> int:
        self._ids += expert.encode()
        self._id_ends.append(len(self._ids))
        self._units += bytes.fromhex("".join(units))
        self._unit_ends.append(len(self._units))
        return len(self._id_ends) - 2

    def placed(self, place: int) -> Placed:
        expert = self._ids[self._id_ends[place] : self._id_ends[place + 1]].decode()
        units = self._units[self._unit_ends[place] : self._unit_ends[place + 1]]
        return Placed(expert, frozenset(units[at : at + _UNIT].hex() for at in range(0, len(units), _UNIT)))


class Order(Sequence[Placed]):
    """The order of one condition."""

    def __init__(self, people: _People, places: Sequence[int]) -> None:
        self._people, self._places = people, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, rank: int) -> Placed: ...
    @overload
    def __getitem__(self, rank: slice) -> list[Placed]: ...
    def __getitem__(self, rank: int | slice) -> Placed | list[Placed]:
        if isinstance(rank, slice):
            return [self._people.placed(place) for place in self._places[rank]]
        return self._people.placed(self._places[rank])


def _sorted(keys: bytearray) -> Sequence[int]:
    """The places in ascending order of their keys."""
    runs = [_sort_run(keys, at) for at in range(0, len(keys), _RUN * _KEY)]
    kind = "I" if array("I").itemsize == _PLACE else "L"
    return array(kind, (int.from_bytes(key[-_PLACE:], "big") for key in merge(*runs)))


def _sort_run(keys: bytearray, start: int) -> Iterator[bytes]:
    """Sort one run in its place, and read it."""
    end = min(len(keys), start + _RUN * _KEY)
    keys[start:end] = b"".join(sorted(bytes(keys[at : at + _KEY]) for at in range(start, end, _KEY)))
    return (bytes(keys[at : at + _KEY]) for at in range(start, end, _KEY))
