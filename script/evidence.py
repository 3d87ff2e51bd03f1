"""The evidence of an activity as a folder, for a supervisor or a court:  script/evidence ACTIVITY [FOLDER] [--supervisor]

Before the unsealing it holds no share and nothing that leads to a name; afterwards, with --supervisor, the facts too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from asterisk.folders import state_folder
from db.errors import DatabaseError
from db.keyfile import KeyFileRefused
from db.pool import Database
from db.settings_file import SettingsRefused
from db.vault import Signer, Vault, confirm
from drawing.chain import Custody
from drawing.evidence import FactsSealed, Form, export
from drawing.result import unseal_if_due
from ivr.settings import Settings


async def run(settings: Settings, activity: str, folder: Path, form: Form) -> None:
    """Open what is needed, export, say where it is."""
    vault = Vault.open(settings.master_key)
    custody = Custody(vault, Signer.open(settings.signing_key, vault))
    async with Database(settings.dsn) as db:
        await confirm(vault, db)
        await unseal_if_due(db, custody, activity)
        await export(db, custody, activity, folder, form, "script/evidence")
    print(f"{folder}\nsigning key: {custody.signer.fingerprint}")


def main() -> int:
    """0 done; 1 not, and why."""
    parser = argparse.ArgumentParser(prog="script/evidence", description=__doc__)
    parser.add_argument("activity", help="活动编号, such as CQSQ202611230001")
    parser.add_argument(
        "folder", nargs="?", type=Path, help="a new folder (default: evidence/ACTIVITY in the state folder)"
    )
    parser.add_argument("--supervisor", action="store_true", help="with facts and salts; only after the unsealing")
    parser.add_argument("--settings", type=Path, default=state_folder() / "ivr.toml", help="the worker's settings file")
    options = parser.parse_args()
    folder = options.folder or state_folder() / "evidence" / options.activity
    form = Form.SUPERVISOR if options.supervisor else Form.PUBLIC
    try:
        asyncio.run(run(Settings.read(options.settings), options.activity, folder, form))
    except FileExistsError:
        print(f"{folder} is there already: name another folder", file=sys.stderr)
        return 1
    except (SettingsRefused, KeyFileRefused, DatabaseError, FactsSealed, LookupError, OSError) as error:
        print(f"not exported: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
