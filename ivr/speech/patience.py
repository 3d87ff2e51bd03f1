"""How long a call waits for the natural voice, and what that is not asked again. Pure: times are seconds of any steady clock."""

from collections.abc import Collection

from .errors import NotYet, RenderFailed

PATIENCE_SECONDS = 45.0
"""So long a call waits for the natural voice; then the other says all of it."""
HOPELESS_SECONDS = 600.0
"""So long the natural voice is not asked again for what it could not say."""


class Patience:
    """By the names of sounds."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}
        self._hopeless: dict[str, float] = {}

    def check(self, name: str, now: float) -> None:
        """Raises RenderFailed for a sound that could not be made a short time ago."""
        if now < self._hopeless.get(name, now):
            raise RenderFailed("the natural voice failed at one of its texts a short time ago")

    def wait(self, names: Collection[str], now: float) -> None:
        """Raises NotYet while sounds are being made, RenderFailed once the first of them has been for too long."""
        since = min(self._asked.setdefault(name, now) for name in names)
        if now - since > PATIENCE_SECONDS:
            raise RenderFailed(f"the natural voice was not ready in {PATIENCE_SECONDS:g} s")
        raise NotYet(f"the natural voice has {len(names)} sounds to make")

    def made(self, name: str) -> None:
        """It is there."""
        self._asked.pop(name, None)
        self._hopeless.pop(name, None)

    def failed(self, name: str, now: float) -> None:
        """It can't be made."""
        self._asked.pop(name, None)
        self._hopeless[name] = now + HOPELESS_SECONDS

    def clear(self) -> None:
        """Forget everything."""
        self._asked.clear()
        self._hopeless.clear()
