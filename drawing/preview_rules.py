"""The rules of 预览 (C2): a table of a rule file. Pure."""

from dataclasses import dataclass
from typing import Self

from drawing.rule_table import Table


@dataclass(frozen=True, slots=True)
class PreviewRule:
    """What a preview shows, and how often.

    Counts are shown as if they were 0, `minimum`, `minimum` × `step`, `minimum` × `step`² … (drawing.bands).
    """

    bands: tuple[int, ...]  # multiples of what is needed
    consent_below: int  # below this multiple the reviewer must consent
    minimum: int  # fewer experts are one band, 不足
    step: int  # from one edge to the next, and how far a condition's own offset moves an edge
    scale: int  # up to which factor the installation's secret scale moves all edges
    person_hour: int  # previews of one person in an hour, over all activities
    company_hour: int  # previews of all who act for one company in an hour

    @classmethod
    def of(cls, table: Table) -> Self:
        """From a rule file's table; raises BadRules. What versions before these keys leave out is as strict as gd-2: an old
        draft must not be the way around.
        """
        return cls(
            bands=tuple(table.numbers("bands", 3)),
            consent_below=table.number("consent_below"),
            minimum=table.number("minimum", least=1) if table.has("minimum") else 40,
            step=table.number("step", least=2) if table.has("step") else 3,
            scale=table.number("scale", least=1) if table.has("scale") else 3,
            person_hour=table.number("person_hour", least=1) if table.has("person_hour") else 20,
            company_hour=table.number("company_hour", least=1) if table.has("company_hour") else 60,
        )
