"""State diagrams as mermaid draws them: what leads from where to where, put together and written."""

from __future__ import annotations

import re
from collections.abc import Sequence

END = "[*]"
"""Where it begins, and where it ends."""
SLASH = " / "
"""Between states that are drawn as one."""
KEYS = "1237890*#"
"""0 stands for every digit that means nothing of its own."""

Edges = dict[tuple[str, str], list[str]]
"""From a state to a state: what may lead there."""


def add(edges: Edges, source: str, target: str, label: str) -> None:
    """One more thing that leads there."""
    labels = edges.setdefault((source, target), [])
    if label not in labels:
        labels.append(label)


def merged(edges: Edges) -> Edges:
    """States that lead to the same by the same are drawn as one: a menu, and what answers silence and wrong keys in it."""
    leads: dict[str, frozenset[tuple[str, str]]] = {}
    for source, target in edges:
        if source != END:
            leads[source] = leads.get(source, frozenset()) | {(target, each) for each in edges[source, target]}
    together: dict[frozenset[tuple[str, str]], list[str]] = {}
    for state, led in leads.items():
        together.setdefault(led, []).append(state)
    name = {state: SLASH.join(group) for group in together.values() for state in group}
    drawn: Edges = {}
    for (source, target), labels in edges.items():
        for label in labels:
            add(drawn, name.get(source, source), name.get(target, target), label)
    return drawn


def diagram(edges: Edges) -> str:
    """As mermaid wants it."""
    states = dict.fromkeys(state for edge in edges for state in edge)
    named = [f'    state "{state}" as {_id(state)}' for state in states if _id(state) != state]
    lines = [f"    {_id(one)} --> {_id(other)} : {label(labels)}" for (one, other), labels in edges.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *named, *lines, "```", ""])


def _id(state: str) -> str:
    """
    >>> _id("no_key / wrong_key"), _id("masked_wait | rings"), _id(END)
    ('no_key', 'masked_wait_rings', '[*]')
    """
    return state if state == END else re.sub(r"\W+", "_", state.partition(SLASH)[0])


def label(labels: Sequence[str]) -> str:
    """Keys first; those that mean nothing of their own in one word."""
    keys = sorted((each for each in labels if each in KEYS), key=KEYS.index)
    others = [each for each in labels if each not in KEYS]
    if "0" in keys:
        keys = ["a digit" if set(KEYS) - set("*#") == set(keys) else "another key"]
    return ", ".join([" or ".join(keys)] * bool(keys) + others)
