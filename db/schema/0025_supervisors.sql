-- The register of supervisors (监督人): who may witness, with a telephone that was verified by a call; and who witnesses an activity.

ALTER TYPE call_outcome ADD VALUE 'verified';

CREATE TABLE supervisor ( -- 监督人登记册, one for each 抽取终端, kept by its reviewers
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  terminal text NOT NULL CHECK (terminal <> ''),
  account text NOT NULL CHECK (account <> ''), -- the id of the identity that they log in with
  unit text NOT NULL,
  name_enc bytea NOT NULL,
  phone_enc bytea NOT NULL,
  phone_hash bytea NOT NULL CHECK (length(phone_hash) = 32), -- as expert.phone_hash
  language text NOT NULL DEFAULT 'cmn' CHECK (language IN ('cmn', 'yue', 'en')), -- ivr.calls.Language
  active boolean NOT NULL DEFAULT true,
  verified_by text REFERENCES call,          -- the call in which they typed the code that their own page showed
  verified_at timestamptz,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT verified_when CHECK ((verified_by IS NULL) = (verified_at IS NULL)),
  -- prevents one telephone from standing for two people, so that a stand-by is somebody else
  CONSTRAINT one_telephone_one_supervisor EXCLUDE USING gist (phone_hash WITH =, account WITH <>) WHERE (active)
);
-- prevents two numbers for one supervisor
CREATE UNIQUE INDEX one_registration ON supervisor (terminal, account) WHERE active;
CREATE INDEX supervisor_account ON supervisor (account);

-- === the call that verifies a number =========================================================================

ALTER TABLE call
  ADD COLUMN supervisor bigint REFERENCES supervisor,
  ALTER COLUMN activity DROP NOT NULL,
  DROP CONSTRAINT somebody_is_called,
  ADD CONSTRAINT somebody_is_called CHECK (num_nonnulls(expert, witness, supervisor) = 1),
  -- prevents a call outside any activity, other than the one that verifies a supervisor's number
  ADD CONSTRAINT activity_or_number_check
    CHECK ((activity IS NULL) = (supervisor IS NOT NULL) AND (supervisor IS NOT NULL) = (flow = 'number_check'));
-- prevents two calls that verify one number at once
CREATE UNIQUE INDEX one_call_per_supervisor ON call (supervisor) WHERE state <> 'ended' AND supervisor IS NOT NULL;
CREATE INDEX call_of_supervisor ON call (supervisor, dialled_at) WHERE supervisor IS NOT NULL;

-- prevents a number from counting as verified that nobody was called at: a new number is not verified, and it is verified by a call
-- about that very number only; and prevents a registration from passing to another account or terminal
CREATE FUNCTION keep_verified() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.verified_by := NULL;
    NEW.verified_at := NULL;
    RETURN NEW;
  END IF;
  IF (NEW.account, NEW.terminal) IS DISTINCT FROM (OLD.account, OLD.terminal) THEN
    RAISE EXCEPTION 'a registration stays with its account and terminal' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.phone_hash <> OLD.phone_hash THEN
    NEW.verified_by := NULL;
    NEW.verified_at := NULL;
  ELSIF NEW.verified_by IS NOT NULL AND NEW.verified_by IS DISTINCT FROM OLD.verified_by AND NOT EXISTS (
    SELECT FROM call c WHERE c.id = NEW.verified_by AND c.supervisor = NEW.id AND c.outcome::text = 'verified'
      AND c.dialled_at IS NOT NULL AND c.matter ->> 'number' = encode(NEW.phone_hash, 'hex'))
  THEN
    RAISE EXCEPTION 'the number was not verified by that call' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_verified BEFORE INSERT OR UPDATE ON supervisor FOR EACH ROW EXECUTE FUNCTION keep_verified();

-- === who witnesses an activity ===============================================================================

ALTER TABLE witness
  ADD COLUMN no bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN supervisor bigint REFERENCES supervisor, -- null: named before there was a register
  ADD COLUMN position int NOT NULL DEFAULT 1 CHECK (position > 0), -- 1 is called first, the others stand by (候补)
  ADD COLUMN chosen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN replaced_at timestamptz,
  ADD COLUMN why_replaced text NOT NULL DEFAULT '',
  ADD CONSTRAINT replaced_for_a_reason CHECK (replaced_at IS NOT NULL OR why_replaced = ''),
  DROP CONSTRAINT witness_pkey,
  ADD PRIMARY KEY (no);
UPDATE witness w SET chosen_at = a.created_at FROM activity a WHERE a.id = w.activity;
-- prevents naming one person twice in one activity, as their own stand-by
CREATE UNIQUE INDEX one_witness_once ON witness (activity, id) WHERE replaced_at IS NULL;
CREATE INDEX witness_of ON witness (id);

-- Why a witness who was chosen from the register does not fit any more, or nothing; as far as the database can tell.
CREATE FUNCTION witness_unfit(who witness) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE
    WHEN s.id IS NULL THEN 'unregistered'
    WHEN NOT s.active THEN 'inactive'
    WHEN s.account <> who.id THEN 'other_account'
    WHEN s.phone_hash <> who.phone_hash THEN 'other_number'
    WHEN s.verified_by IS NULL THEN 'unverified'
    WHEN s.terminal <> coalesce((SELECT r.terminal FROM review r WHERE r.activity = who.activity ORDER BY r.id DESC LIMIT 1),
                                s.terminal) THEN 'other_terminal'
    WHEN EXISTS (SELECT FROM expert e WHERE e.phone_hash = s.phone_hash) THEN 'expert'
  END
  FROM (SELECT) AS one LEFT JOIN supervisor s ON s.id = who.supervisor
$$;

-- prevents a witness who is not in the register, or whose number is not verified or an expert's; and prevents exchanging a witness
-- whom the commit of a draw under way has fixed, or changing afterwards who it was
CREATE FUNCTION keep_witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  why text;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.activity, NEW.id, NEW.no, NEW.supervisor, NEW.position, NEW.chosen_at)
       IS DISTINCT FROM (OLD.activity, OLD.id, OLD.no, OLD.supervisor, OLD.position, OLD.chosen_at)
       OR OLD.phone_hash IS NOT NULL AND NEW.phone_hash IS DISTINCT FROM OLD.phone_hash -- `python -m db.reseal` adds a missing one
       OR OLD.replaced_at IS NOT NULL AND (NEW.replaced_at, NEW.why_replaced) IS DISTINCT FROM (OLD.replaced_at, OLD.why_replaced)
    THEN
      RAISE EXCEPTION 'a witness is replaced, not changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.replaced_at IS NOT DISTINCT FROM OLD.replaced_at THEN
      RETURN NEW;
    END IF;
  END IF;
  IF EXISTS (SELECT FROM draw d WHERE d.activity = NEW.activity AND d.sealed_at IS NULL) THEN
    RAISE EXCEPTION 'the commit of the draw under way has fixed its witnesses' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF TG_OP = 'INSERT' THEN
    why := witness_unfit(NEW);
    IF why IS NOT NULL THEN
      RAISE EXCEPTION 'unfit to witness: %', why USING ERRCODE = 'insufficient_privilege';
    END IF;
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER fixed_by_commit ON witness; -- keep_witness refuses that too, and replacing; keep_after_commit stays for DELETE
CREATE TRIGGER keep_witness BEFORE INSERT OR UPDATE ON witness FOR EACH ROW EXECUTE FUNCTION keep_witness();

-- prevents a commit that names a witness who has become unfit; those named before there was a register go on
CREATE FUNCTION keep_commit_witnessed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM witness w WHERE w.activity = NEW.activity AND w.replaced_at IS NULL AND w.supervisor IS NOT NULL
             AND witness_unfit(w) IS NOT NULL)
  THEN
    RAISE EXCEPTION 'a witness of % is unfit', NEW.activity USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_commit_witnessed BEFORE INSERT ON draw FOR EACH ROW EXECUTE FUNCTION keep_commit_witnessed();

-- Whether this person witnesses the activity: now, or in a draw that was committed while they did.
CREATE FUNCTION witnesses(person text, which text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT EXISTS (SELECT FROM witness w WHERE w.id = person AND w.activity = which AND (w.replaced_at IS NULL OR EXISTS (
    SELECT FROM draw d WHERE d.activity = which AND d.committed_at >= w.chosen_at AND d.committed_at < w.replaced_at)))
$$;

-- who may ask: db/rights.py
REVOKE ALL ON FUNCTION witness_unfit(witness), keep_verified(), keep_witness(), keep_commit_witnessed() FROM PUBLIC;

-- the role that all processes shared until db.migrate retires it; those of their own: db/rights.py
GRANT EXECUTE ON FUNCTION witness_unfit(witness) TO expertline_service;
GRANT USAGE ON SEQUENCE supervisor_id_seq, witness_no_seq TO expertline_service;
GRANT SELECT, INSERT ON supervisor TO expertline_service;
GRANT UPDATE (unit, name_enc, phone_enc, phone_hash, language, active, verified_by, verified_at) ON supervisor TO expertline_service;
REVOKE UPDATE, DELETE ON witness FROM expertline_service;
GRANT UPDATE (replaced_at, why_replaced, name_enc, phone_enc) ON witness TO expertline_service;
