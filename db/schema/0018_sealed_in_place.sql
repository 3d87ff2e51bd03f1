-- Sealed values that open in their own row only.

-- When every sealed value was of layout 2, which is bound to its row; from then on layout 1, which opens in every row of its
-- column, is refused. A new database begins with it; an older one gets it from `python -m db.reseal`. The service's role may not
-- write it: it has no UPDATE here.
ALTER TABLE vault ADD COLUMN resealed_at timestamptz;
ALTER TABLE vault ALTER COLUMN resealed_at SET DEFAULT clock_timestamp();

-- Keyed hashes, as expert.phone_hash: a number that does not fit its own is not dialled. Null in rows from before, until
-- `python -m db.reseal` has been there.
ALTER TABLE witness ADD COLUMN phone_hash bytea;
ALTER TABLE call ADD COLUMN staff_phone_hash bytea;

-- The numbers that are in a live call. Whatever rows of experts, supervisors or staff say: prevents ringing one telephone for two
-- calls at once. Only the trigger below writes here, so that nobody can free a number but by ending its call.
CREATE TABLE live_number (
  number bytea CONSTRAINT one_live_call_per_number PRIMARY KEY, -- keyed hash, as expert.phone_hash
  call text NOT NULL
);
GRANT SELECT ON live_number TO expertline_service;

ALTER TABLE call ADD COLUMN numbers bytea[]; -- keyed hashes of what is dialled, given by who makes it live; null before and after

-- A BEFORE trigger, so that the numbers go with the same write of the row. They are locked after the activity and the call, and
-- sorted: two masked calls that share both numbers wait for each other in one order.
CREATE FUNCTION hold_numbers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = 'live' THEN
    IF NEW.state = 'ended' THEN
      DELETE FROM live_number WHERE number = ANY(OLD.numbers) AND call = OLD.id;
      NEW.numbers := NULL;
    ELSIF NEW.state <> 'live' OR NEW.id <> OLD.id OR NEW.numbers IS DISTINCT FROM OLD.numbers THEN
      RAISE EXCEPTION 'a live call keeps its numbers until it has ended'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'live_call_keeps_its_numbers', TABLE = 'call';
    END IF;
  ELSIF NEW.state = 'live' THEN
    IF NEW.numbers IS NULL THEN
      RAISE EXCEPTION 'a live call says which numbers it dials'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'live_call_has_its_numbers', TABLE = 'call';
    END IF;
    INSERT INTO live_number SELECT number, NEW.id FROM unnest(NEW.numbers) AS number ORDER BY number;
  ELSE
    NEW.numbers := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_numbers BEFORE UPDATE OF id, state, numbers ON call FOR EACH ROW
  WHEN ((OLD.id, OLD.state, OLD.numbers) IS DISTINCT FROM (NEW.id, NEW.state, NEW.numbers)) EXECUTE FUNCTION hold_numbers();
CREATE TRIGGER hold_numbers_of_new BEFORE INSERT ON call FOR EACH ROW
  WHEN (NEW.state = 'live' OR NEW.numbers IS NOT NULL) EXECUTE FUNCTION hold_numbers();
