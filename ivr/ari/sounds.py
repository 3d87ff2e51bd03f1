"""What a call's channel asks about the files that it plays, and whom it tells when one does not sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Sounds(Protocol):
    """Nothing here waits or raises. Media are URIs as Asterisk is told them."""

    def lost(self, media: Sequence[str]) -> str | None:
        """The first of these files that is not as it was when it was made, or None; a look at the disk."""

    def heard_for(self, media: Sequence[str]) -> float:
        """How many seconds they take to their end; 0 where that is not known."""

    def failed(self, media: Sequence[str], lost: str | None) -> None:
        """These did not sound; `lost` is the file, where it is known."""


class AllSound:
    """Where nothing is known of the files."""

    def lost(self, media: Sequence[str]) -> str | None:
        return None

    def heard_for(self, media: Sequence[str]) -> float:
        return 0.0

    def failed(self, media: Sequence[str], lost: str | None) -> None:
        pass


TOO_SHORT_SECONDS = 0.3
"""By so much a playback may end before its files' length, which is measured from before Asterisk was asked."""


@dataclass(frozen=True, slots=True)
class Playing:
    """A playback: which prompt, and the seconds that it takes from `asked` on (0: not known)."""

    id: str
    prompt: str
    media: Sequence[str]
    asked: float
    seconds: float

    def is_too_short(self, tick: float) -> bool:
        """Asterisk passes over a file that it can't play in the middle of a list, takes an empty one for played, and says `done`
        (seen on 22.10.1).
        """
        return tick - self.asked < self.seconds - TOO_SHORT_SECONDS
