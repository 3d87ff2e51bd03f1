-- The pool as an administrator gets it: imports as jobs with their progress and faults; suspended experts counted fast.

CREATE TYPE pool_job_state AS ENUM ('waiting', 'running', 'done', 'refused', 'failed'); -- drawing.experts.jobs.JobState

CREATE TABLE pool_job ( -- 导入: one uploaded file and what became of it
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  file_name text NOT NULL,                   -- as the person called it
  file text,                                 -- its name in the upload folder; null once it is deleted
  size bigint NOT NULL CHECK (size >= 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  encoding text NOT NULL,
  state pool_job_state NOT NULL DEFAULT 'waiting',
  listing boolean NOT NULL DEFAULT false,    -- a fault was found: the file is read again to list them all
  rows_read int NOT NULL DEFAULT 0,
  rows_total int,                            -- an estimate; null if nobody knows
  bad_rows int NOT NULL DEFAULT 0,
  reason text NOT NULL DEFAULT '',           -- why it was refused or has failed, in Chinese
  by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  CONSTRAINT ended_when CHECK ((state IN ('done', 'refused', 'failed')) = (ended_at IS NOT NULL))
);
CREATE INDEX pool_job_open ON pool_job (id) WHERE state IN ('waiting', 'running');
CREATE INDEX pool_job_with_file ON pool_job (ended_at) WHERE file IS NOT NULL;

CREATE TABLE pool_problem ( -- a fault of a refused file; never a name, and numbers only masked
  job bigint NOT NULL REFERENCES pool_job,
  n int NOT NULL,                            -- in order of rows
  row int NOT NULL,                          -- as in a spreadsheet: the header is row 1
  column_name text NOT NULL,                 -- empty: the whole row's
  reason text NOT NULL,
  PRIMARY KEY (job, n)
);

CREATE INDEX expert_suspended ON expert (id) WHERE suspended; -- few: counted without reading all

GRANT SELECT, INSERT, UPDATE ON pool_job TO expertline_service;
GRANT SELECT, INSERT ON pool_problem TO expertline_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO expertline_service;

-- The index that the preview asks has some 30 entries for each expert. Added one by one they cost more than all the rest of
-- an import (measured: 11 s for 100,000 experts); put aside and sorted in together, a third of that.
DO $$ BEGIN
  IF to_regclass('expert_by_terms') IS NOT NULL THEN
    ALTER INDEX expert_by_terms SET (fastupdate = on, gin_pending_list_limit = 131072);
  END IF;
END $$;

CREATE FUNCTION tidy_pool() RETURNS void LANGUAGE plpgsql SECURITY DEFINER -- after an import: what was put aside is sorted in
  SET search_path = pg_catalog, pg_temp SET maintenance_work_mem = '256MB' AS $$
BEGIN
  PERFORM gin_clean_pending_list(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
  WHERE i.indrelid = 'public.expert'::regclass AND a.amname = 'gin';
  ANALYZE public.expert;
END $$;
REVOKE ALL ON FUNCTION tidy_pool() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tidy_pool() TO expertline_service;
