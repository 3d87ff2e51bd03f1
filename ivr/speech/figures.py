"""What is said figure by figure: all share ten sounds, nothing is synthesised for one call, none stays in the cache. Pure.

A 验证码 always; a telephone number where the natural voice says it, which in one breath says 幺 like 有. With an extension it stays
whole: 转 by itself is heard as 三四.
"""

from collections.abc import Iterable, Iterator, Sequence

from ivr.prompts.parts import Code, Digits, Part, Pause, Phone

from .written import phone_groups

_BETWEEN_FIGURES, _BETWEEN_GROUPS, _GROUP = Pause(80), Pause(450), 3


def taken_apart(part: Part, *, natural: bool) -> Iterable[Part]:
    """What gets a sound each; `natural`: by the natural voice, in Mandarin.

    >>> [each.text if isinstance(each, Digits) else each.milliseconds for each in taken_apart(Code("4829"), natural=False)]
    ['4', 80, '8', 80, '2', 450, '9']
    """
    if isinstance(part, Code):
        return _one_by_one([part.text[at : at + _GROUP] for at in range(0, len(part.text), _GROUP)], part.slow)
    if natural and isinstance(part, Phone):
        groups, extension = phone_groups(part.number)
        return _one_by_one(groups, part.slow) if any(groups) and not extension else (part,)
    return (part,)


def _one_by_one(groups: Sequence[str], slow: bool) -> Iterator[Part]:
    for place, group in enumerate(groups):
        if place:
            yield _BETWEEN_GROUPS
        for at, figure in enumerate(group):
            if at:
                yield _BETWEEN_FIGURES
            yield Digits(figure, slow=slow)
