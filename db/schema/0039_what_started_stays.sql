-- What a started activity may not become any more, whoever of the processes asks. The audit compares the rest with the transcripts.

-- prevents ending an activity under way, putting its end (and with it `close`) off, or widening its experts' appointments
CREATE OR REPLACE FUNCTION keep_evaluation_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the evaluation''s start and end are fixed once the draw has started' USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER keep_evaluation_start ON activity;
CREATE TRIGGER keep_evaluation_start BEFORE UPDATE ON activity FOR EACH ROW
  WHEN (OLD.started_at IS NOT NULL AND (NEW.evaluation_start, NEW.evaluation_end, NEW.started_at)
    IS DISTINCT FROM (OLD.evaluation_start, OLD.evaluation_end, OLD.started_at))
  EXECUTE FUNCTION keep_evaluation_start();

-- prevents hiding a draw as a deleted draft, or showing it under another name, place or number of seats
CREATE OR REPLACE FUNCTION keep_what_started() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what an activity is, and by which rules, is fixed once the draw has started' USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER keep_what_started ON activity;
CREATE TRIGGER keep_what_started BEFORE UPDATE ON activity FOR EACH ROW
  WHEN (OLD.started_at IS NOT NULL
    AND (NEW.rules, NEW.on_site, NEW.kind, NEW.name, NEW.seats, NEW.district, NEW.deleted_at, coalesce(NEW.project, 0))
    IS DISTINCT FROM (OLD.rules, OLD.on_site, OLD.kind, OLD.name, OLD.seats, OLD.district, OLD.deleted_at,
      coalesce(OLD.project, NEW.project, 0)))
  EXECUTE FUNCTION keep_what_started();

-- prevents drawing on in an activity that is over or complete (a supplement follows an absence: `short`), and editing a started one
CREATE FUNCTION keep_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an activity that has started is no draft again, and one that is over stays over' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keep_state BEFORE UPDATE ON activity FOR EACH ROW
  WHEN (OLD.started_at IS NOT NULL AND NEW.state <> OLD.state
    AND (OLD.state IN ('ended', 'released') OR OLD.state = 'completed' AND NEW.state IN ('drawing', 'paused')
      OR NEW.state IN ('draft', 'submitted', 'rejected', 'ready')))
  EXECUTE FUNCTION keep_state();

-- prevents saying that a chain is closed without its `close`, or opening it again
CREATE FUNCTION keep_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_at IS NOT NULL OR NOT EXISTS (SELECT FROM transcript t WHERE t.activity = NEW.id AND t.type = 'close') THEN
    RAISE EXCEPTION 'an activity is closed by the last entry of its chain, once' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_closed BEFORE UPDATE ON activity FOR EACH ROW
  WHEN (NEW.closed_at IS DISTINCT FROM OLD.closed_at) EXECUTE FUNCTION keep_closed();

-- prevents taking an expert out of others' pools (`appointment` is an asserted exclusion) by a row for somebody who was not picked or
-- did not agree, or beyond the end of the evaluation
CREATE FUNCTION keep_appointment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pick p JOIN activity a ON a.id = p.activity
    WHERE p.id = NEW.pick AND p.expert = NEW.expert AND p.activity = NEW.activity AND p.outcome = 'accepted'
      AND upper(NEW.during) = a.evaluation_end) THEN
    RAISE EXCEPTION 'an appointment belongs to a pick that was accepted' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_appointment BEFORE INSERT OR UPDATE ON appointment FOR EACH ROW EXECUTE FUNCTION keep_appointment();
