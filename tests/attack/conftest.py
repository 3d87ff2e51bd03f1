"""The console's fixtures, for attacks that go through its pages."""

from tests.web.conftest import client, draws, keys, settings, started, visit

__all__ = ["client", "draws", "keys", "settings", "started", "visit"]
