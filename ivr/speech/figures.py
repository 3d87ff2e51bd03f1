"""What is said figure by figure: all share ten sounds, nothing is synthesised for one call, none stays in the cache. Pure.

A 验证码 always; a telephone number where the natural voice says it, which in one breath says 幺 like 有 and slurs 零零零.
"""

from collections.abc import Iterable, Iterator

from ivr.prompts.parts import Code, Digits, Part, Pause, Phone, Text

from .written import phone_groups

_BETWEEN_FIGURES, _BETWEEN_GROUPS, _GROUP = Pause(80), Pause(450), 3


def taken_apart(part: Part, *, natural: bool) -> Iterable[Part]:
    """What gets a sound each; `natural`: by the natural voice, in Mandarin.

    >>> [each.text if isinstance(each, Digits) else each.milliseconds for each in taken_apart(Code("4829"), natural=False)]
    ['4', 80, '8', 80, '2', 450, '9']
    """
    if isinstance(part, Code):
        return _figures(part)
    if natural and isinstance(part, Phone) and any(phone_groups(part.number)[0]):
        return _dialled(part)
    return (part,)


def _dialled(phone: Phone) -> Iterator[Part]:
    """In the groups of custom, 分机 after 转."""
    groups, extension = phone_groups(phone.number)
    for place, group in enumerate((*groups, extension) if extension else groups):
        if place:
            yield _BETWEEN_GROUPS
        if place == len(groups):
            yield from (Text("转", slow=phone.slow), _BETWEEN_FIGURES)
        for at, figure in enumerate(group):
            if at:
                yield _BETWEEN_FIGURES
            yield Digits(figure, slow=phone.slow)


def _figures(code: Code) -> Iterator[Part]:
    for place, figure in enumerate(code.text):
        if place:
            yield _BETWEEN_FIGURES if place % _GROUP else _BETWEEN_GROUPS
        yield Digits(figure, slow=code.slow)
