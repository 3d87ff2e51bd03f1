-- Every statement of the audit, each with a name and one sentence. It reads in one snapshot, in batches by key.

-- name: one_snapshot
-- All that follows sees the database as it is now, and can change nothing.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: links
-- The operation log's chain from a place on, each link with its row and the head that the ledger has for it.
SELECT c.seq, c.operation, encode(c.prev, 'hex') AS prev, encode(c.hash, 'hex') AS hash, encode(l.hash, 'hex') AS in_ledger,
       o.at, o.actor, o.role, o.act, o.activity, o.remark, o.db_role
FROM operation_chain c LEFT JOIN operation o ON o.id = c.operation LEFT JOIN ledger l ON l.kind = 'log' AND l.seq = c.seq
WHERE c.seq >= %(next)s ORDER BY c.seq LIMIT %(limit)s;

-- name: cut_links
-- Places of the operation log of which the ledger has a head, and which are not there.
SELECT l.seq FROM ledger l WHERE l.kind = 'log' AND NOT EXISTS (SELECT FROM operation_chain c WHERE c.seq = l.seq)
ORDER BY l.seq LIMIT %(limit)s;

-- name: unchained
-- Rows of the operation log that no link names.
SELECT o.id FROM operation o WHERE NOT EXISTS (SELECT FROM operation_chain c WHERE c.operation = o.id)
ORDER BY o.id LIMIT %(limit)s;

-- name: leaves
-- The ledger from a place on.
SELECT n, kind, lots, encode(hash, 'hex') AS hash FROM ledger WHERE n >= %(next)s ORDER BY n LIMIT %(limit)s;

-- name: has_given_heads
-- Whether this schema keeps the heads that were given out.
SELECT to_regclass('ledger_head') IS NOT NULL;

-- name: given_heads
-- Heads that were given out, of ledgers larger than the one size and at most as large as the other.
SELECT DISTINCT activity, size, encode(root, 'hex') AS root FROM ledger_head WHERE size > %(above)s AND size <= %(up_to)s ORDER BY 2;

-- name: activities
-- Activities with anything to compare, by number.
SELECT a.id FROM activity a
WHERE a.id > %(after)s AND (a.started_at IS NOT NULL
  OR EXISTS (SELECT FROM transcript t WHERE t.activity = a.id) OR EXISTS (SELECT FROM draw d WHERE d.activity = a.id)
  OR EXISTS (SELECT FROM pick p WHERE p.activity = a.id) OR EXISTS (SELECT FROM ledger l WHERE l.activity = a.id))
ORDER BY a.id LIMIT %(limit)s;

-- name: entries
-- A whole transcript.
SELECT seq, at, type, body, prev, hash, sig FROM transcript WHERE activity = %(activity)s ORDER BY seq;

-- name: draws
-- The draws of an activity.
SELECT no, encode(commit_hash, 'hex') AS commit_hash, pool_size, witnessed_at IS NOT NULL AS witnessed, sealed_at IS NOT NULL AS sealed,
       unsealed_at IS NOT NULL AS unsealed, names_nobody, opens_lead_s
FROM draw WHERE activity = %(activity)s ORDER BY no;

-- name: block_roots
-- The Merkle roots of a pool's blocks, in order; none of a pool from before they were kept.
SELECT root FROM pool_block WHERE activity = %(activity)s AND draw = %(draw)s AND root IS NOT NULL ORDER BY n;

-- name: whole
-- What stands beside the transcript about an activity as a whole: its 标段, and who may witness.
SELECT a.state::text AS state, a.rules, a.deleted_at IS NOT NULL AS deleted, a.closed_at > '-infinity' IS TRUE AS closed,
       ARRAY(SELECT l.lot FROM activity_lot l WHERE l.activity = a.id) AS lots,
       ARRAY(SELECT w.id FROM witness w WHERE w.activity = a.id AND w.replaced_at IS NULL) AS witnesses
FROM activity a WHERE a.id = %(activity)s;

-- name: picks
-- The picks of an activity; whether each has an appointment that is its own, and whether it has another.
SELECT p.draw, p.condition, p.seat, p.pseudonym, p.rank, p.outcome::text AS outcome, EXISTS (
  SELECT FROM appointment t WHERE t.pick = p.id AND t.expert = p.expert AND t.activity = p.activity) AS appointment, EXISTS (
  SELECT FROM appointment t WHERE t.pick = p.id AND (t.expert <> p.expert OR t.activity <> p.activity)) AS strange_appointment
FROM pick p WHERE p.activity = %(activity)s ORDER BY p.id;

-- name: calls
-- The calls of an activity that left evidence, each with whom it was for as the evidence names them.
SELECT c.id, coalesce(p.pseudonym, c.witness) AS who, c.outcome::text AS outcome, c.evidence,
       encode(c.evidence_hash, 'hex') AS evidence_hash
FROM call c LEFT JOIN pick p ON p.id = c.pick WHERE c.activity = %(activity)s AND c.evidence IS NOT NULL ORDER BY c.id;

-- name: conditions
-- The conditions of an activity.
SELECT id, mode::text AS mode, regions, main, backup, titles, qualifications, authorities, seats
FROM condition WHERE activity = %(activity)s ORDER BY position;

-- name: own_leaves
-- The leaves of an activity's commits and seals.
SELECT n, kind, lots, encode(hash, 'hex') AS hash FROM ledger WHERE activity = %(activity)s ORDER BY n;

-- name: guards_in_force
-- Triggers that are switched on, and constraints and unique indexes that are whole, of these tables.
SELECT c.relname || '.' || t.tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%(tables)s) AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
UNION
SELECT c.relname || '.' || x.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%(tables)s) AND (i.indisunique OR i.indisexclusion)
  AND NOT i.indisprimary AND i.indisvalid;

-- name: definitions
-- How each table, view and function is defined, part by part; what extensions bring is left out.
WITH relation AS (
  SELECT c.oid, c.relname, c.relkind, c.relrowsecurity FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
SELECT 'table ' || r.relname AS object, concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.attidentity, a.attgenerated, pg_get_expr(f.adbin, f.adrelid)) AS text
FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_attrdef f ON f.adrelid = r.oid AND f.adnum = a.attnum
WHERE r.relkind IN ('r', 'p')
UNION ALL
SELECT 'table ' || r.relname, concat_ws(' ', 'constraint', k.conname, k.convalidated, pg_get_constraintdef(k.oid))
FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid AND k.contype <> 'n'
UNION ALL
SELECT 'table ' || r.relname, concat_ws(' ', 'index', i.indisvalid, pg_get_indexdef(i.indexrelid))
FROM relation r JOIN pg_index i ON i.indrelid = r.oid WHERE i.indisunique OR i.indisexclusion
UNION ALL
SELECT 'table ' || r.relname, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'table ' || r.relname, 'inner trigger off ' || t.tgname -- a foreign key that is not looked at any more
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE t.tgisinternal AND t.tgenabled NOT IN ('O', 'A')
UNION ALL
SELECT 'table ' || r.relname, 'rule ' || w.rulename FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'table ' || r.relname, 'row security' FROM relation r WHERE r.relrowsecurity
UNION ALL -- white space and qualified names are written otherwise by other versions of PostgreSQL
SELECT 'view ' || r.relname, regexp_replace(regexp_replace(pg_get_viewdef(r.oid), '\m\w+\.', '', 'g'), '\s+', '', 'g')
FROM relation r WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT 'function ' || p.oid::regprocedure::text, concat_ws(' ', p.prosecdef, p.provolatile, array_to_string(p.proconfig, ','),
       pg_get_function_result(p.oid), p.prosrc)
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');

-- name: granted
-- What these roles may do with which table or column, by whatever way; and whether they may make objects of their own.
SELECT r.rolname::text AS role, c.relname::text AS "table", '' AS "column", p.privilege
FROM pg_roles r, pg_class c, unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS p (privilege)
WHERE r.rolname = ANY(%(roles)s) AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  AND has_table_privilege(r.oid, c.oid, p.privilege)
UNION ALL
SELECT r.rolname, c.relname, a.attname, p.privilege
FROM pg_roles r, pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
     unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p (privilege)
WHERE r.rolname = ANY(%(roles)s) AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  AND has_column_privilege(r.oid, c.oid, a.attnum, p.privilege)
UNION ALL
SELECT r.rolname, 'public', '', 'CREATE' FROM pg_roles r
WHERE r.rolname = ANY(%(roles)s) AND has_schema_privilege(r.oid, 'public', 'CREATE');

-- name: record_run
-- The result of an audit that came to its end.
INSERT INTO audit_run (started_at, activities, entries, leaves, operations, findings, shown)
VALUES (%(started_at)s, %(activities)s, %(entries)s, %(leaves)s, %(operations)s, %(findings)s, %(shown)s::jsonb);

-- name: now
-- The database's clock.
SELECT clock_timestamp();

-- name: night_due
-- Whether no audit has come to its end since this hour in China was last reached.
SELECT NOT EXISTS (
  SELECT FROM audit_run r WHERE r.started_at >= date_bin('1 day', clock_timestamp(),
    timestamptz '2026-01-01 00:00+08' + %(hour)s * interval '1 hour'));
