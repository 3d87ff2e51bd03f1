"""Flows are tested as dialogues: what the flow gets, what it then does, with a virtual clock and its timers.

script(flow).gets(Started()).does(Dial(30)).gets(Answered()).does(Play("invitation")).presses("1")...
"""

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from ivr.calls import (
    CancelTimer,
    Command,
    Digit,
    Event,
    Finish,
    Flow,
    Play,
    Played,
    Speak,
    StartTimer,
    TimerFired,
)


class Script:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
        self.step = ""
        self.timers: dict[str, datetime] = {}
        self.done: list[Command] = []
        self.story: list[str] = []

    def gets(self, *events: Event) -> Self:
        for event in events:
            self.story.append(f"< {event}")
            self._carry_out(self.flow.receive(event, self.now))
        return self

    def presses(self, *keys: str, step: str | None = None) -> Self:
        """Keys of the step that is on (or of another one), each long enough after what was before."""
        for key in keys:
            self.after(2.0)
            self.gets(Digit(key, self.step if step is None else step))
        return self

    def hears_out(self) -> Self:
        """The prompt that plays comes to its end."""
        return self.gets(Played(self.step))

    def after(self, seconds: float) -> Self:
        """Time goes by, and the timers that are due fire in their order."""
        end = self.now + timedelta(seconds=seconds)
        while self.timers and min(self.timers.values()) <= end:
            name = min(self.timers, key=lambda each: self.timers[each])
            self.now = self.timers.pop(name)
            self.gets(TimerFired(name))
        self.now = end
        return self

    def does(self, *commands: Command) -> Self:
        """All it has done since the last look, timers aside, is exactly this."""
        wanted, seen = [str(each) for each in commands], [str(each) for each in self.done]
        if wanted != seen:
            story = "\n".join(self.story)
            diff = "\n".join(difflib.unified_diff(wanted, seen, "wanted", "done", lineterm=""))
            raise AssertionError(f"{diff}\n\nthe dialogue so far:\n{story}")
        self.done.clear()
        return self

    def does_nothing(self) -> Self:
        return self.does()

    def _carry_out(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self.story.append(f"    > {command}")
            match command:
                case StartTimer(name, seconds):
                    self.timers[name] = self.now + timedelta(seconds=seconds)
                    continue
                case CancelTimer(name):
                    self.timers.pop(name, None)
                    continue
                case Play(prompt) | Speak(prompt, _):
                    self.step = prompt
                case Finish():
                    self.timers.clear()
                case _:
                    pass
            self.done.append(command)


def script(flow: Flow) -> Script:
    return Script(flow)
