"""docker-compose.yml as tests read it: the part of YAML that it uses, without a library for all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")


@dataclass
class Mount:
    """A volume at a path."""

    volume: str
    path: Path
    read_only: bool


@dataclass
class Service:
    """One service of the composition."""

    name: str
    lines: list[str] = field(default_factory=list)

    def _value(self, key: str) -> str:
        found = re.search(rf"^    {key}: (.+)$", "\n".join(self.lines), re.MULTILINE)
        return found[1] if found else ""

    def _block(self, key: str) -> list[str]:
        """The lines below a key."""
        inside, found = False, []
        for line in self.lines:
            if re.match(r"    \S", line):
                inside = line.startswith(f"    {key}:")
            elif inside and not line.lstrip().startswith("#"):
                found.append(line.strip())
        return found

    @property
    def command(self) -> list[str]:
        return re.findall(r'"([^"]*)"', self._value("command"))

    @property
    def module(self) -> str:
        """What `python -m` runs; empty for an image of others."""
        return self.command[1] if self.command[:1] == ["-m"] else ""

    @property
    def dockerfile(self) -> Path | None:
        """Of the image, where it is ours."""
        build = self._value("build")
        named = re.search(r"dockerfile: ([^ }]+)", build)
        return ROOT / (named[1] if named else "Dockerfile") if build else None

    @property
    def environment(self) -> dict[str, str]:
        """With each variable's default."""
        pairs = (line.partition(": ") for line in self._block("environment"))
        return {name: _VARIABLE.sub(r"\1", value) for name, _, value in pairs}

    @property
    def mounts(self) -> list[Mount]:
        parts = (line.removeprefix("- ").split(":") for line in self._block("volumes"))
        return [Mount(volume, Path(path), read_only=options == ["ro"]) for volume, path, *options in parts]

    @property
    def depends_on(self) -> set[str]:
        return {line.partition(":")[0] for line in self._block("depends_on")}

    @property
    def profiles(self) -> list[str]:
        return re.findall(r"[\w-]+", self._value("profiles"))

    @property
    def network(self) -> str:
        return self._value("network_mode")

    def mount(self, path: Path) -> Mount | None:
        """The volume in which a path lies."""
        return next((each for each in self.mounts if path.is_relative_to(each.path)), None)

    @property
    def image_environment(self) -> dict[str, str]:
        """ENV of the image."""
        assert self.dockerfile is not None
        return dict(re.findall(r"(EXPERTLINE_\w+)=(\S+)", self.dockerfile.read_text()))


def services() -> dict[str, Service]:
    """All of docker-compose.yml, by name."""
    found: dict[str, Service] = {}
    text = (ROOT / "docker-compose.yml").read_text()
    part = text[text.index("\nservices:\n") + 11 : text.index("\nvolumes:\n")]
    for line in part.splitlines():
        if named := re.match(r"  ([\w-]+):", line):
            found[named[1]] = Service(named[1])
        elif line.strip():
            list(found.values())[-1].lines.append(line)
    return found


def declared_volumes() -> set[str]:
    """Those at the end of docker-compose.yml."""
    text = (ROOT / "docker-compose.yml").read_text()
    return set(re.findall(r"^  ([\w-]+):$", text[text.index("\nvolumes:\n") :], re.MULTILINE))
