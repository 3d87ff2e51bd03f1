-- A clock that is set does not change when calls are due, how long pauses are, or whose a node is. The steady clock is the database's
-- less `ahead`, the sum of the steps that were noticed (ivr/clock_watch.py): it goes on while the wall clock is set.

CREATE TABLE clock (
  one boolean PRIMARY KEY DEFAULT true CHECK (one), -- there is one row
  ahead interval NOT NULL DEFAULT '0 seconds'       -- the steady clock is clock_timestamp() - ahead
);
INSERT INTO clock DEFAULT VALUES;

CREATE TABLE clock_step ( -- who set which clock, and by how much, is asked afterwards
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(), -- by the clock as it was set
  clock text NOT NULL CHECK (clock IN ('database', 'worker')),
  step_s double precision NOT NULL,                 -- forward is positive
  node text NOT NULL                                -- whose worker noticed it
);
CREATE INDEX clock_step_at ON clock_step (at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON clock_step
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE node
  ADD COLUMN clock text NOT NULL DEFAULT '',        -- the holder's monotonic clock at its last renewal (drawing.clock.Reading)
  ADD COLUMN lease_s double precision NOT NULL DEFAULT 0, -- how long its lease is from there
  ADD COLUMN comparable boolean NOT NULL DEFAULT false; -- no step was noticed since: lease_until and clock are of one moment
COMMENT ON COLUMN node.lease_until IS 'for showing, and to refuse what comes late; who may take over is told by clock and lease_s';

ALTER TABLE call
  ADD COLUMN by_wall boolean NOT NULL DEFAULT false, -- not_before is a time of day (hours), not the end of a pause
  ADD COLUMN dialled_ahead interval NOT NULL DEFAULT '0 seconds', -- `ahead` at dialled_at and at ended_at: budgets and pauses are
  ADD COLUMN ended_ahead interval NOT NULL DEFAULT '0 seconds',   -- counted by the steady clock
  ADD COLUMN draw int;                              -- of a call to a witness: for the share of which draw
UPDATE call SET draw = d.no FROM draw d
WHERE call.flow = 'witness' AND d.activity = call.activity
  AND d.no = (SELECT max(o.no) FROM draw o WHERE o.activity = call.activity AND o.committed_at < coalesce(call.ended_at, 'infinity'));
ALTER TABLE inbound ADD COLUMN ended_ahead interval NOT NULL DEFAULT '0 seconds';

-- The database's clock was set by that many seconds: whatever waits for the end of a pause, and every lease, is moved with it, in the
-- one transaction that notes the step. What waits for a time of day is not: it is judged again when that comes.
CREATE FUNCTION shift_clock(step_s double precision) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  step interval := make_interval(secs => step_s);
BEGIN
  UPDATE clock SET ahead = ahead + step;
  UPDATE call SET not_before = not_before + step WHERE state = 'waiting' AND NOT by_wall AND isfinite(not_before);
  UPDATE call SET matter = jsonb_set(matter, '{asked}', to_jsonb((matter ->> 'asked')::float8 + step_s))
  WHERE state = 'waiting' AND flow = 'masked' AND matter ? 'asked';
  UPDATE message SET next_try = next_try + step WHERE state = 'sending' AND given_up_at IS NULL;
  UPDATE node SET lease_until = lease_until + step, comparable = false WHERE isfinite(lease_until);
  UPDATE session SET created_at = created_at + step, seen_at = seen_at + step, expires_at = expires_at + step;
  UPDATE pool_job SET created_at = created_at + step WHERE state IN ('waiting', 'running');
END $$;

-- who may ask: db/rights.py
REVOKE ALL ON FUNCTION shift_clock(double precision) FROM PUBLIC;

-- the role that all processes shared until db.migrate retires it; those of their own: db/rights.py
GRANT EXECUTE ON FUNCTION shift_clock(double precision) TO expertline_service;
GRANT SELECT ON clock, clock_step TO expertline_service;
GRANT INSERT (clock, step_s, node) ON clock_step TO expertline_service;
