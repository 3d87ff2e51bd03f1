"""What the demo says: each Chinese line with one line of English below it, as wide as the terminal is."""

from __future__ import annotations

from rich.console import Console

console = Console()


class Failed(Exception):
    """The demo did not come to its end; the message says where, in Chinese and in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.chinese, self.english = chinese, english


def step(chinese: str, english: str) -> None:
    """Something begins."""
    console.print("▶ ", style="bold", end="")
    console.print(chinese, markup=False, soft_wrap=True, highlight=False)
    _english(english)


def note(chinese: str, english: str = "") -> None:
    """Something to know about it."""
    console.print(f"   {chinese}", markup=False, soft_wrap=True, highlight=False)
    if english:
        _english(english)


def failed(chinese: str, english: str) -> None:
    """It did not come to its end."""
    console.print("✘ ", style="bold red", end="")
    console.print(chinese, markup=False, soft_wrap=True, highlight=False)
    console.print(f"  {english}", markup=False, soft_wrap=True, highlight=False)


def _english(text: str) -> None:
    console.print(f"  {text}", style="dim", markup=False, soft_wrap=True, highlight=False)
