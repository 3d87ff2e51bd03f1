-- What a page asks for is found by an index, however many activities there are.

-- To which 抽取终端 the activity's last application went; null: it has none. Until now it was looked up row by row.
ALTER TABLE activity ADD COLUMN terminal text;
UPDATE activity a SET terminal = (SELECT r.terminal FROM review r WHERE r.activity = a.id ORDER BY r.id DESC LIMIT 1)
WHERE EXISTS (SELECT FROM review r WHERE r.activity = a.id);

-- prevents an activity that is shown to another terminal than its last application went to: no process may write the column
CREATE FUNCTION set_terminal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE activity SET terminal = NEW.terminal WHERE id = NEW.activity AND terminal IS DISTINCT FROM NEW.terminal;
  RETURN NULL;
END $$;
CREATE TRIGGER set_terminal AFTER INSERT ON review FOR EACH ROW EXECUTE FUNCTION set_terminal();
REVOKE ALL ON FUNCTION set_terminal() FROM PUBLIC;

CREATE INDEX activity_in_state ON activity (state, terminal);  -- 待办事项, 正在抽取
CREATE INDEX activity_number ON activity (substr(id, 5));      -- the next 活动编号 of a day
CREATE INDEX transcript_share ON transcript ((body::jsonb -> 'share' ->> 'value')) WHERE type = 'witness'; -- used before?
CREATE INDEX review_of ON review (activity, id);               -- 审核记录
CREATE INDEX activity_owner_newest ON activity_owner (company, activity);
CREATE INDEX call_masked ON call (activity) WHERE flow = 'masked'; -- few: staff's numbers in an activity
CREATE INDEX project_by_name ON project (name);                -- likely the same (P4)
CREATE INDEX project_by_code ON project (code) WHERE code <> '';
CREATE INDEX project_by_investment_code ON project (investment_code) WHERE investment_code <> '';

DROP INDEX witness_of;
CREATE INDEX witness_of ON witness (id, activity);
CREATE INDEX witness_in ON witness (activity);
CREATE INDEX witness_replaced ON witness (id, replaced_at) WHERE replaced_at IS NOT NULL;

-- The activities that each person witnesses, or of which they witnessed a draw, as `witnesses` says of one.
CREATE VIEW witnessed AS
SELECT DISTINCT w.id AS person, w.activity FROM witness w WHERE w.replaced_at IS NULL OR EXISTS (
  SELECT FROM draw d WHERE d.activity = w.activity AND d.committed_at >= w.chosen_at AND d.committed_at < w.replaced_at);

-- the role that all processes shared until db.migrate retires it; those of their own: db/rights.py
GRANT SELECT ON witnessed TO expertline_service;
