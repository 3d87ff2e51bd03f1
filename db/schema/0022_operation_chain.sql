-- 操作记录 is a chain: each row has the hash of the one before, computed by the database as the transaction commits. And the
-- result of each audit (全面检查), which recomputes all chains.

-- The database role (login) that wrote the row; null in rows from before it was recorded. The actor is what the process says, the
-- role is what PostgreSQL knows.
ALTER TABLE operation ADD COLUMN db_role text;
ALTER TABLE operation ALTER COLUMN db_role SET DEFAULT session_user;
-- prevents a new row that hides who wrote it
ALTER TABLE operation ADD CONSTRAINT written_by_a_role CHECK (db_role IS NOT NULL) NOT VALID;

CREATE TABLE operation_chain ( -- the chain over 操作记录, in the order in which the rows were committed
  seq bigint PRIMARY KEY CHECK (seq >= 0),   -- prevents two rows after one
  operation bigint NOT NULL CONSTRAINT chained_once UNIQUE REFERENCES operation,
  prev bytea NOT NULL CHECK (length(prev) = 32), -- the hash before; 32 zero bytes in the first row
  hash bytea NOT NULL CHECK (length(hash) = 32)
);

-- What is hashed: canonical JSON (RFC 8785), as drawing.audit.operations writes it. `to_json` escapes what RFC 8785 escapes.
CREATE FUNCTION operation_text(o operation, seq bigint, prev bytea) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT '{"act":' || to_json(o.act) || ',"activity":' || coalesce(to_json(o.activity)::text, 'null')
    || ',"actor":' || to_json(o.actor)
    || ',"at":"' || to_char(o.at AT TIME ZONE interval '8 hours', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+08:00"'
    || ',"db_role":' || coalesce(to_json(o.db_role)::text, 'null') || ',"id":' || o.id
    || ',"prev":"' || encode(prev, 'hex') || '","remark":' || to_json(o.remark) || ',"role":' || to_json(o.role)
    || ',"seq":' || seq || '}'
$$;

-- With the rights of its owner, so that no process can insert a link by itself, or choose a hash. It runs at COMMIT (the trigger
-- is deferred): whatever a transaction does before, the log's lock is its last, and is held for the commit only.
CREATE FUNCTION chain_operation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last record;
BEGIN
  PERFORM pg_advisory_xact_lock(7236013); -- one writer at a time, as for the ledger (7236011)
  SELECT c.seq, c.hash INTO last FROM public.operation_chain c ORDER BY c.seq DESC LIMIT 1;
  IF NOT FOUND THEN
    SELECT -1::bigint AS seq, decode(repeat('00', 32), 'hex') AS hash INTO last;
  END IF;
  INSERT INTO public.operation_chain (seq, operation, prev, hash)
  VALUES (last.seq + 1, NEW.id, last.hash, sha256(convert_to(public.operation_text(NEW, last.seq + 1, last.hash), 'UTF8')));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION chain_operation(), operation_text(operation, bigint, bytea) FROM PUBLIC;

DO $$ -- the rows of before, in the order in which they were numbered
DECLARE
  o operation;
  n bigint := 0;
  before bytea := decode(repeat('00', 32), 'hex');
  after bytea;
BEGIN
  FOR o IN SELECT * FROM operation ORDER BY id LOOP
    after := sha256(convert_to(operation_text(o, n, before), 'UTF8'));
    INSERT INTO operation_chain (seq, operation, prev, hash) VALUES (n, o.id, before, after);
    n := n + 1;
    before := after;
  END LOOP;
END $$;

CREATE CONSTRAINT TRIGGER chain_operation AFTER INSERT ON operation DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION chain_operation();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operation_chain
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The ledger takes heads of the log too: `hash` is the head, `seq` its row's place in the log; no activity, no lots.
ALTER TABLE ledger DROP CONSTRAINT ledger_kind_check;
ALTER TABLE ledger ADD CONSTRAINT ledger_kind_check CHECK (kind IN ('commit', 'seal', 'log')); -- drawing.ledger.KINDS
ALTER TABLE ledger ALTER COLUMN activity DROP NOT NULL;
-- prevents a commit or a seal of no activity, and a head of the log that claims one
ALTER TABLE ledger ADD CONSTRAINT log_is_of_no_activity CHECK (CASE kind WHEN 'log' THEN activity IS NULL AND lots = '{}' ELSE activity IS NOT NULL END);
CREATE UNIQUE INDEX one_leaf_per_log_head ON ledger (seq) WHERE kind = 'log';
CREATE INDEX ledger_of_activity ON ledger (activity, n) WHERE activity IS NOT NULL;

CREATE TABLE audit_run ( -- 全面检查: one row for each audit that came to its end; what did not leaves none
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  activities int NOT NULL,
  entries bigint NOT NULL,                   -- of all transcripts
  leaves bigint NOT NULL,                    -- of the ledger
  operations bigint NOT NULL,                -- rows of 操作记录
  findings int NOT NULL CHECK (findings >= 0),
  shown jsonb NOT NULL,                      -- the first findings: [["code", "where", "in Chinese"], …]; no personal data
  db_role text NOT NULL DEFAULT session_user,
  CONSTRAINT ends_later CHECK (ended_at >= started_at)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_run
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- prevents a chosen time, id or role of a row of 操作记录
REVOKE INSERT ON operation FROM expertline_service;
GRANT INSERT (actor, role, act, activity, remark) ON operation TO expertline_service;
GRANT SELECT ON operation_chain, audit_run TO expertline_service;
