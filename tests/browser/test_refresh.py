"""The page of an import keeps itself up to date without loading itself again, until the import is over."""

from __future__ import annotations

import pytest

from db.blocking import transaction
from tests.browser.conftest import Page
from tests.postgres import TestDatabase

pytestmark = [pytest.mark.postgres, pytest.mark.browser]
_RUNNING = """
INSERT INTO pool_job (file_name, size, sha256, encoding, state, rows_read, rows_total, by, created_at, started_at)
VALUES ('名单.csv', 1, repeat('0', 64), 'utf-8', 'running', 1234, 9999, '吴管理', clock_timestamp() + interval '1 hour',
        clock_timestamp()) RETURNING id
"""


def test_progress_comes_without_a_new_page(page: Page, database: TestDatabase) -> None:
    with transaction(database.dsn) as tx:
        number = tx.one(_RUNNING).id
    page.log_in("administrator-1")
    page.open(f"/pool/imports/{number}")
    page.waits_for("1234 / 约 9999")
    page.driver.execute_script("document.kept = true; document.querySelector('nav.crumbs a').focus()")
    with transaction(database.dsn) as tx:
        tx.run("UPDATE pool_job SET rows_read = 5678")
    page.waits_for("5678 / 约 9999")
    assert page.driver.execute_script("return document.kept && document.activeElement.closest('nav.crumbs') !== null")
    with transaction(database.dsn) as tx:
        tx.run("UPDATE pool_job SET state = 'failed', reason = '没有内存', ended_at = clock_timestamp()")
    page.waits_for("没有内存")
    assert page.driver.execute_script("return document.kept === undefined")
    page.shows_no_errors()
