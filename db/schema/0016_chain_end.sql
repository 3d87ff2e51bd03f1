-- The end of a chain: draws are opened one by one by the clock, `close` is the last entry, and every head of the ledger that was
-- given out is kept.

-- The monotonic clock beside an entry (drawing.clock): boot and nanoseconds. Not hashed, no evidence: it only keeps `at` going
-- when a wall clock is set back.
ALTER TABLE transcript ADD COLUMN clock text NOT NULL DEFAULT '';

-- === what is opened ==========================================================================================

ALTER TABLE draw
  ADD COLUMN unsealed_at timestamptz,
  ADD COLUMN opens_lead_s int NOT NULL DEFAULT 1800 CHECK (opens_lead_s >= 0), -- by the rules of its commit
  ADD COLUMN names_nobody boolean NOT NULL DEFAULT false, -- opened after 强制结束 or 退选: for its evidence only
  ADD CONSTRAINT opened_after_its_seal CHECK (unsealed_at IS NULL OR sealed_at IS NOT NULL);
UPDATE draw d SET unsealed_at = a.unsealed_at,
       names_nobody = EXISTS (SELECT FROM transcript t WHERE t.activity = a.id AND t.type = 'force_end')
FROM activity a WHERE a.id = d.activity AND a.unsealed_at IS NOT NULL AND d.sealed_at IS NOT NULL;
CREATE INDEX draw_sealed ON draw (sealed_at); -- whose receipt is due
CREATE INDEX draw_unopened ON draw (activity) WHERE unsealed_at IS NULL; -- few: those of the coming days

-- T1: before the later of 预计评标开始 and the earliest current 集合时间. Whoever wants to know asks here: the worker, the pages, the
-- trigger below. Only notices that a condition uses count: another one added beside them opens nothing.
CREATE FUNCTION result_opens_at(activity_id text, lead_s int) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT greatest(a.evaluation_start, (
           SELECT min(n.gather_at) FROM condition c JOIN notice n ON n.activity = c.activity AND n.id = c.notice
           WHERE c.activity = a.id)) - lead_s * interval '1 second'
  FROM activity a WHERE a.id = activity_id
$$;

-- prevents opening a draw early, closing it again, or naming a committee after 强制结束 or 退选, whoever asks
CREATE FUNCTION keep_opening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR OLD.unsealed_at IS NOT NULL OR NEW.unsealed_at IS NULL OR NEW.opens_lead_s <> OLD.opens_lead_s
     OR NEW.unsealed_at < result_opens_at(NEW.activity, NEW.opens_lead_s)
     OR clock_timestamp() < result_opens_at(NEW.activity, NEW.opens_lead_s) THEN
    RAISE EXCEPTION 'a draw is opened by the clock, once' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT NEW.names_nobody AND (
       EXISTS (SELECT FROM transcript t WHERE t.activity = NEW.activity AND t.type = 'force_end')
       OR EXISTS (SELECT FROM activity a WHERE a.id = NEW.activity AND a.state = 'released')) THEN
    RAISE EXCEPTION 'after a forced end or a release nobody is named' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_unopened BEFORE INSERT ON draw FOR EACH ROW WHEN (NEW.unsealed_at IS NOT NULL OR NEW.names_nobody)
  EXECUTE FUNCTION keep_opening();
CREATE TRIGGER keep_opening BEFORE UPDATE ON draw FOR EACH ROW
  WHEN ((NEW.unsealed_at, NEW.opens_lead_s, NEW.names_nobody) IS DISTINCT FROM (OLD.unsealed_at, OLD.opens_lead_s, OLD.names_nobody))
  EXECUTE FUNCTION keep_opening();

-- === the end =================================================================================================

ALTER TABLE activity DROP COLUMN unsealed_at,
  ADD COLUMN closed_at timestamptz;          -- `close` is written; -infinity: over before there was such an entry, and stays so
UPDATE activity a SET closed_at = '-infinity'
WHERE state IN ('ended', 'released') AND NOT EXISTS (SELECT FROM draw d WHERE d.activity = a.id AND d.unsealed_at IS NULL);
CREATE INDEX activity_unclosed ON activity (id) WHERE state IN ('ended', 'released') AND closed_at IS NULL;
CREATE INDEX activity_ending ON activity (evaluation_end) WHERE state = 'short' OR state = 'completed' AND NOT on_site;

-- prevents choosing other rules for a draw that has begun, or who ends its activity
CREATE FUNCTION keep_what_started() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rules and 进场 are fixed once the draw has started' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keep_what_started BEFORE UPDATE ON activity FOR EACH ROW
  WHEN (OLD.started_at IS NOT NULL AND (NEW.rules, NEW.on_site) IS DISTINCT FROM (OLD.rules, OLD.on_site))
  EXECUTE FUNCTION keep_what_started();

-- prevents an entry after `close`, whoever writes it. After the insert, so that the foreign key has waited for whoever holds the
-- activity (its trigger comes first by its name), and what that one wrote is seen; which another isolation level would not show.
CREATE INDEX transcript_closed ON transcript (activity, seq) WHERE type = 'close';
CREATE FUNCTION refuse_after_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'entries are written under READ COMMITTED' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT FROM transcript t WHERE t.activity = NEW.activity AND t.type = 'close' AND t.seq <> NEW.seq) THEN
    RAISE EXCEPTION 'the chain of % is closed', NEW.activity USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER nothing_after_close AFTER INSERT ON transcript FOR EACH ROW EXECUTE FUNCTION refuse_after_close();

-- === heads ===================================================================================================

-- The roots of the perfect subtrees under the ledger's root after this leaf (drawing.merkle.grown): the next head costs no look at
-- all leaves. Null: not known, and computed from the leaves when it is needed.
ALTER TABLE ledger ADD COLUMN peaks bytea[];

CREATE TABLE ledger_head ( -- every head of the ledger that was given out: what a later ledger must be consistent with
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  activity text NOT NULL,                    -- no foreign key: to check it, a page would wait for whoever holds the activity
  draw int,                                  -- of commit and seal, and of their receipts
  size bigint NOT NULL CHECK (size > 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  given text NOT NULL CHECK (given IN ('commit', 'seal', 'call', 'sms', 'page', 'print', 'export', 'close')), -- drawing.heads.Given
  whom text NOT NULL DEFAULT '',             -- a witness's or an identity's id; empty: nobody yet
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- what a receipt says is fixed with its commit or seal: asked for again, the same
CREATE UNIQUE INDEX one_head_per_receipt ON ledger_head (activity, given, whom, size) WHERE given NOT IN ('print', 'export');
CREATE UNIQUE INDEX one_head_per_draw ON ledger_head (activity, draw, given) WHERE given IN ('commit', 'seal');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_head
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON ledger_head TO expertline_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO expertline_service;
