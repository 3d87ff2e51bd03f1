"""The Reason header (RFC 3326, in responses by RFC 6432): ``Q.850;cause=17;text="User busy"``. Pure.

Whatever stands in it was written by somebody else's machine, and may hold anything, a telephone number too. What is taken: a
protocol that is known, a cause that can be one, and a text without a digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ivr.calls import Reason

LONGEST = 1_024
"""So many characters of a header are read."""
LONGEST_TEXT = 64

_PROTOCOLS = {"q.850": "Q.850", "q850": "Q.850", "sip": "SIP"}
_CAUSES = {"Q.850": range(1, 128), "SIP": range(100, 700)}
_CAUSE = re.compile(r"0*([0-9]{1,3})", re.ASCII)
_TEXT = re.compile(r"[ !-/:-?A-~]{1,64}", re.ASCII)
"""Printable ASCII without digits and without @: a name in Chinese or a number in any script is not kept."""


def reasons(header: str) -> Sequence[Reason]:
    """The reasons of one header, in its order; those that make no sense are left out.

    >>> reasons('SIP ;cause=486, Q.850;cause="17" ;text="User busy"')
    [Reason(protocol='SIP', cause=486, text=''), Reason(protocol='Q.850', cause=17, text='User busy')]
    >>> reasons('Q.850;cause=17;text="13900139000 busy"')
    [Reason(protocol='Q.850', cause=17, text='')]
    >>> reasons("Q.850;cause=13900139000, Preemption;cause=1")
    []
    """
    found = (_reason(value) for value in _split(header[:LONGEST], ","))
    return [each for each in found if each is not None]


def _reason(value: str) -> Reason | None:
    name, *said = _split(value, ";")
    protocol = _PROTOCOLS.get(name.strip().lower())
    given: dict[str, str] = {}
    for parameter in said:
        key, _, word = parameter.partition("=")
        given.setdefault(key.strip().lower(), _unquoted(word.strip()))
    number = _CAUSE.fullmatch(given.get("cause", ""))
    if protocol is None or number is None or int(number[1]) not in _CAUSES[protocol]:
        return None
    text = given.get("text", "")[:LONGEST_TEXT].strip()
    return Reason(protocol, int(number[1]), text if _TEXT.fullmatch(text) else "")


def _unquoted(word: str) -> str:
    if len(word) < 2 or not (word[0] == word[-1] == '"'):
        return word
    return re.sub(r"\\(.)", r"\1", word[1:-1])


def _split(text: str, sign: str) -> Iterator[str]:
    """At each `sign` that is not in quotes.

    >>> list(_split('a;b="c;d"', ";"))
    ['a', 'b="c;d"']
    """
    if '"' not in text:  # most: in a tenth of the time
        yield from text.split(sign)
        return
    began, quoted, escaped = 0, False, False
    for at, each in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and each == "\\":
            escaped = True
        elif each == '"':
            quoted = not quoted
        elif each == sign and not quoted:
            yield text[began:at]
            began = at + 1
    yield text[began:]
