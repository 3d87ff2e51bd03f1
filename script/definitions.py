"""How the migrations define the schema, for the audit: `python -m script.definitions` writes drawing/audit/definitions.json.

To be run whenever db/schema has a new file; a test holds both together. It makes a private PostgreSQL cluster and ends it again.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from db.blocking import transaction
from db.cluster import Cluster
from db.migrate import migrate
from drawing.audit.definitions import FILE, Definition, hashes
from drawing.audit.run import Q


def defined(dsn: str) -> dict[str, str]:
    """The hashes of this database's schema."""
    with transaction(dsn) as tx:
        return hashes(Definition(*row) for row in tx.all(Q.definitions))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # as root: the user postgres has to pass
        cluster = Cluster(Path(folder) / "postgres", durable=False)
        cluster.start()
        try:
            migrate(cluster.dsn())
            found = defined(cluster.dsn())
        finally:
            cluster.stop()
    FILE.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
