"""ARI's password, which the node and the installation both make where there is none."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from asterisk.__main__ import password

AT_ONCE = 8


def test_all_who_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    """Else the worker's would differ from Asterisk's until both are started again."""
    for n in range(50):
        file, together = tmp_path / f"{n}/node/ari-password", Barrier(AT_ONCE)

        def make(file: Path = file, together: Barrier = together) -> str:
            together.wait()
            return password(file)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            made = {each.result() for each in [pool.submit(make) for _ in range(AT_ONCE)]}
        assert made == {file.read_text().strip()}
        assert len(next(iter(made))) > 20
        assert [path.name for path in file.parent.iterdir()] == [file.name]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
