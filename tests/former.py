"""A database as an older version left it: values of layout 1, which open in every row of their column."""

from __future__ import annotations

import os

from db.blocking import transaction
from db.contexts import Context
from db.reseal import TABLES
from db.vault import Vault


def former(vault: Vault, plain: bytes, context: Context) -> bytes:
    """As `Vault.encrypt` was before there was layout 2."""
    nonce = os.urandom(12)
    cipher = vault._Vault__cipher  # type: ignore[attr-defined]
    return bytes([1, 1]) + nonce + bytes(cipher.encrypt(nonce, plain, context.former))


def age(owner_dsn: str, vault: Vault) -> int:
    """Turn every sealed value back, without the hashes that came later; how many there are."""
    count = 0
    with transaction(owner_dsn) as tx:
        for table in TABLES:
            for row in tx.all(f"SELECT * FROM {table.name}"):
                key = {name: getattr(row, name) for name in table.key}
                where = " AND ".join(f"{name} = %({name})s" for name in table.key)
                for column in table.columns:
                    if (sealed := getattr(row, column.column)) is None or not column.former:
                        continue
                    context = column.at(*key.values())
                    old = former(vault, vault.decrypt(bytes(sealed), context), context)
                    sql = f"UPDATE {table.name} SET {column.column} = %(old)s WHERE {where}"
                    count += tx.run(sql, key | {"old": old})
        tx.run("ALTER TABLE witness DISABLE TRIGGER keep_witness")  # whose hash stays once it is there
        tx.run("UPDATE witness SET phone_hash = NULL")
        tx.run("ALTER TABLE witness ENABLE TRIGGER keep_witness")
        tx.run("UPDATE call SET staff_phone_hash = NULL")
        tx.run("UPDATE vault SET resealed_at = NULL")
    return count
