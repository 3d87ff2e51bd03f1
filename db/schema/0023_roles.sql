-- A role of the database for each process, instead of one for all. What each may do stands in db/rights.py, which db.migrate
-- grants after the last file; here are the roles, and what a grant can't say.

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['expertline_worker', 'expertline_console', 'expertline_auditor'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I LOGIN', name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- two databases of one cluster migrated at once
      END;
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION refuse_process() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% may not write this into %', session_user, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- prevents the console, whose process has the signing key too, from writing what the worker alone decides: commits, picks,
-- attempts, outcomes and seals
CREATE TRIGGER only_the_console_s BEFORE INSERT ON transcript FOR EACH ROW
  WHEN (session_user = 'expertline_console' AND NEW.type IN ('commit', 'witness_try', 'pick', 'attempt', 'outcome', 'complete', 'seal', 'close'))
  EXECUTE FUNCTION refuse_process();
-- prevents the console from deciding a call: it may give up what waits
CREATE TRIGGER only_cancelled BEFORE UPDATE ON call FOR EACH ROW
  WHEN (session_user = 'expertline_console'
    AND (OLD.state <> 'waiting' OR NEW.state <> 'ended' OR NEW.outcome IS DISTINCT FROM 'cancelled'))
  EXECUTE FUNCTION refuse_process();

-- prevents changing what a commit has fixed while its draw is under way: whom the worker calls as witness, what the conditions ask
CREATE FUNCTION fixed_by_commit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  which text := CASE TG_OP WHEN 'INSERT' THEN NEW.activity ELSE OLD.activity END;
BEGIN
  IF EXISTS (SELECT FROM draw d WHERE d.activity = which AND d.sealed_at IS NULL) THEN
    RAISE EXCEPTION 'the commit of the draw under way has fixed % of %', TG_TABLE_NAME, which USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER fixed_by_commit BEFORE INSERT OR DELETE ON witness FOR EACH ROW EXECUTE FUNCTION fixed_by_commit();
CREATE TRIGGER fixed_by_commit BEFORE INSERT OR UPDATE OR DELETE ON condition FOR EACH ROW EXECUTE FUNCTION fixed_by_commit();
-- but how a name is sealed (db.reseal) and hashed (the worker, when the normal form of names changes), whatever is under way
CREATE TRIGGER fixed_by_commit BEFORE INSERT OR DELETE OR UPDATE OF id, activity, unit, code, id_card_hash, reason, fixed
  ON avoidance FOR EACH ROW EXECUTE FUNCTION fixed_by_commit();
CREATE TRIGGER fixed_by_commit BEFORE INSERT OR DELETE ON activity_lot FOR EACH ROW EXECUTE FUNCTION fixed_by_commit();
CREATE TRIGGER fixed_by_commit BEFORE INSERT OR DELETE ON activity_before FOR EACH ROW EXECUTE FUNCTION fixed_by_commit();

-- prevents losing who witnessed a draw
CREATE FUNCTION keep_after_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM draw d WHERE d.activity = OLD.activity) THEN
    RAISE EXCEPTION 'rows of % stay', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER keep_after_commit BEFORE DELETE ON witness FOR EACH ROW EXECUTE FUNCTION keep_after_commit();
-- prevents losing an expert whom a draw, or a commit's pool, may name: who has left is suspended
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON expert FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Identity columns need no right to their sequences; whoever has it can make gaps and learn how many there are. Only ids to which
-- sealed values are bound are fetched first.
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM expertline_service;
GRANT USAGE ON SEQUENCE attachment_id_seq, avoidance_id_seq, expert_id_seq TO expertline_service;
