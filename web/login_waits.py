"""How long the next try to log in must wait after tries that failed. Pure: what has failed, and how long ago, are given.

Tries are counted three times over: of one account from one address, of one account from anywhere, and from one address for
whatever account. Each count is free up to a number and then asks for a wait that doubles with each failure, up to a longest. An
account that has logged in from an address before (a *known place*) is held back there by its own failures only: whoever guesses
in the same office, or guesses the same account from elsewhere, can't lock it out of its usual place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, ip_address
from math import ceil

FORGOTTEN_SECONDS = 3600.0
"""Failures count no more so long after the last one."""
KNOWN_DAYS = 90
"""An account is known at an address so long after its last login there."""
_IPV6_NETWORK_BITS = 64
_ENOUGH_DOUBLINGS = 20  # beyond every longest wait, and no number too large to be one


class Scope(Enum):
    """What failures are counted for. The values are those of the SQL enum `login_scope`."""

    PLACE = "place"
    """One account from one address."""
    ACCOUNT = "account"
    """One account, from any address."""
    ADDRESS = "address"
    """One address, for any account."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many failures cost no wait; from there each doubles it, from one second up to `longest` seconds."""

    free: int
    longest: float


ALLOWANCES = {
    Scope.PLACE: Allowance(5, 900.0),
    Scope.ACCOUNT: Allowance(20, 900.0),
    # An office has many people behind one address: those who are not known yet wait a minute at most.
    Scope.ADDRESS: Allowance(60, 60.0),
}


@dataclass(frozen=True, slots=True)
class Failures:
    """How many tries have failed, and how many seconds ago the last one did."""

    scope: Scope
    count: int
    ago: float


def wait(failures: Iterable[Failures], *, known: bool) -> float:
    """Seconds until the next try is looked at; 0: now. `known`: the account has logged in from this address before.

    >>> wait([Failures(Scope.PLACE, 5, 0.0)], known=False), wait([Failures(Scope.PLACE, 6, 0.0)], known=False)
    (0.0, 1.0)
    >>> [wait([Failures(Scope.PLACE, count, 1.0)], known=True) for count in (7, 9, 99)]
    [1.0, 7.0, 899.0]
    >>> wait([Failures(Scope.ADDRESS, 500, 0.0)], known=False), wait([Failures(Scope.ADDRESS, 500, 0.0)], known=True)
    (60.0, 0.0)
    """
    counted = (each for each in failures if each.scope is Scope.PLACE or not known)
    return max((_wait(each) for each in counted), default=0.0)


def _wait(failures: Failures) -> float:
    allowance = ALLOWANCES[failures.scope]
    over = failures.count - allowance.free
    if over <= 0 or failures.ago >= FORGOTTEN_SECONDS:
        return 0.0
    asked = min(2.0 ** min(over - 1, _ENOUGH_DOUBLINGS), allowance.longest)
    return max(asked - max(failures.ago, 0.0), 0.0)  # a clock that was set back makes no wait longer


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, of which a single machine has all.

    >>> network_of("2001:db8::1") == network_of("2001:db8:0:0:ffff::2"), network_of("::ffff:192.0.2.1"), network_of("192.0.2.1")
    (True, '192.0.2.1', '192.0.2.1')
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> _IPV6_NETWORK_BITS << _IPV6_NETWORK_BITS))


def words(seconds: float) -> str:
    """A wait as a person reads it, never too short.

    >>> words(0.2), words(59.0), words(61.0), words(900.0)
    ('1 秒', '59 秒', '2 分钟', '15 分钟')
    """
    whole = max(ceil(seconds), 1)
    return f"{whole} 秒" if whole < 60 else f"{ceil(whole / 60)} 分钟"
