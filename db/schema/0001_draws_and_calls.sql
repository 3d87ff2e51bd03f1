-- The whole state of Expertline. Invariants are constraints: each says what it prevents.
-- The owner role owns the tables; the service only has what is granted below (transcript and ledger: add and read, no more).

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'expertline_service') THEN
    CREATE ROLE expertline_service LOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- two databases of one cluster migrated at once
END $$;

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- drawing.lifecycle.ActivityState
CREATE TYPE activity_state AS ENUM (
  'draft', 'submitted', 'rejected', 'ready', 'drawing', 'paused', 'short', 'completed', 'ended', 'released',
  'reevaluation_submitted', 'to_notify', 'notifying');
CREATE TYPE activity_kind AS ENUM ('CQSQ', 'CQNE', 'CQRE');
CREATE TYPE region_mode AS ENUM ('residence', 'willing');
-- drawing.seats.PickOutcome
CREATE TYPE pick_outcome AS ENUM ('open', 'accepted', 'declined', 'unreached', 'unavailable', 'cancelled');
CREATE TYPE call_state AS ENUM ('waiting', 'live', 'ended');
-- ivr.calls.Outcome
CREATE TYPE call_outcome AS ENUM (
  'accepted', 'declined', 'share_given', 'no_key', 'wrong_keys', 'hung_up_early', 'wrong_person', 'voicemail', 'busy',
  'rejected', 'no_answer', 'unreachable', 'invalid_number', 'trunk_failure', 'interrupted', 'cancelled', 'withdrawn', 'delivered');

-- === secrets =================================================================================================

CREATE TABLE vault ( -- check value of the master key: a wrong key is noticed before it writes anything
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  check_value bytea NOT NULL
);

-- === the pool ================================================================================================

CREATE TABLE expert ( -- 专家; names, 证件号 and phones only encrypted, found by keyed hash
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name_enc bytea NOT NULL,
  id_card_enc bytea NOT NULL,
  phone_enc bytea NOT NULL,
  id_card_hash bytea NOT NULL CONSTRAINT one_expert_per_id_card UNIQUE,
  phone_hash bytea NOT NULL CONSTRAINT one_expert_per_phone UNIQUE,
  name_hash bytea NOT NULL,
  residence text NOT NULL,
  willing text[] NOT NULL,
  specialties text[] NOT NULL,
  title text NOT NULL,
  qualifications text[] NOT NULL,
  authorities text[] NOT NULL,
  unit text NOT NULL,                        -- 工作单位
  former_units jsonb NOT NULL DEFAULT '[]',  -- 曾任职单位: [["name", "2025-06-30"], …] and until when
  suspended boolean NOT NULL DEFAULT false,
  imported_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX expert_by_name ON expert (name_hash);

CREATE TABLE pool_import (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  file_sha256 text NOT NULL,
  rows int NOT NULL,
  by text NOT NULL
);

-- === activities ==============================================================================================

CREATE TABLE lot ( -- 标段
  id text PRIMARY KEY,
  project text NOT NULL,
  name text NOT NULL
);

CREATE TABLE activity ( -- 抽取活动
  id text PRIMARY KEY CHECK (id ~ '^CQ(SQ|NE|RE)[0-9]{12}$'),
  name text NOT NULL,
  kind activity_kind NOT NULL DEFAULT 'CQSQ',
  state activity_state NOT NULL DEFAULT 'draft',
  seats int NOT NULL CHECK (seats BETWEEN 1 AND 9999),
  district text NOT NULL,                    -- 开标地点: region code
  bid_opening timestamptz NOT NULL,
  evaluation_start timestamptz NOT NULL,
  evaluation_end timestamptz NOT NULL,
  rules text NOT NULL,                       -- version of the rule file
  key_enc bytea NOT NULL,                    -- activity_key: another pseudonym of an expert in each activity
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  unsealed_at timestamptz,
  owed boolean NOT NULL DEFAULT false,       -- a seat came free and advance has not looked since: no other entry before it
  CONSTRAINT times_in_order CHECK (bid_opening < evaluation_start AND evaluation_start < evaluation_end) -- A4
);
CREATE INDEX activity_running ON activity (id) WHERE state IN ('drawing', 'paused');

CREATE TABLE activity_lot (
  activity text NOT NULL REFERENCES activity,
  lot text NOT NULL REFERENCES lot,
  PRIMARY KEY (activity, lot)
);

CREATE TABLE notice ( -- 语音通知
  activity text NOT NULL REFERENCES activity,
  id int NOT NULL,
  venue text NOT NULL,
  district text NOT NULL,                    -- 市 + 区: region code, said before acceptance
  address text NOT NULL,
  room text NOT NULL DEFAULT '',
  gather_at timestamptz NOT NULL,            -- 集合时间
  contact text NOT NULL,
  contact_phone text NOT NULL,
  note text NOT NULL DEFAULT '' CHECK (length(note) <= 50),
  PRIMARY KEY (activity, id)
);

CREATE TABLE condition ( -- 抽取条件
  activity text NOT NULL REFERENCES activity,
  id text NOT NULL CHECK (id ~ '^c[0-9]+$'),
  position int NOT NULL,
  notice int NOT NULL,
  mode region_mode NOT NULL,
  regions text[] NOT NULL CHECK (cardinality(regions) > 0),
  main text[] NOT NULL CHECK (cardinality(main) > 0),
  backup text[] NOT NULL DEFAULT '{}',
  titles text[] NOT NULL DEFAULT '{}',
  qualifications text[] NOT NULL DEFAULT '{}',
  authorities text[] NOT NULL DEFAULT '{}',
  seats int NOT NULL CHECK (seats > 0),
  PRIMARY KEY (activity, id),
  UNIQUE (activity, position),
  FOREIGN KEY (activity, notice) REFERENCES notice
);

CREATE TABLE avoidance ( -- 回避单位, 回避人员
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  activity text NOT NULL REFERENCES activity,
  unit text,                                 -- a unit by its name …
  name_enc bytea,                            -- … or a person: by 证件号, else by name
  name_hash bytea,
  id_card_hash bytea,
  reason text NOT NULL DEFAULT '',
  fixed boolean NOT NULL DEFAULT false,      -- B2: 项目业主 and 代理机构 can't be removed
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT unit_or_person CHECK ((unit IS NULL) <> (name_hash IS NULL))
);
CREATE INDEX avoidance_of ON avoidance (activity);

CREATE TABLE witness ( -- 监督人: registered by the terminal, never by the clerk
  activity text NOT NULL REFERENCES activity,
  id text NOT NULL,
  name_enc bytea NOT NULL,
  phone_enc bytea NOT NULL,
  PRIMARY KEY (activity, id)
);

-- === draws ===================================================================================================

CREATE TABLE draw ( -- one commit of an activity: the first, or a supplement
  activity text NOT NULL REFERENCES activity,
  no int NOT NULL CHECK (no > 0),
  commit_hash bytea NOT NULL,
  system_share_enc bytea NOT NULL,           -- opened by the seal entry, not before
  pool_key_enc bytea NOT NULL,
  pool_size int NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  witnessed_at timestamptz,                  -- the share is in the transcript and the order is stored
  sealed_at timestamptz,
  PRIMARY KEY (activity, no)
);

CREATE INDEX draw_unsealed ON draw (activity) WHERE sealed_at IS NULL;

CREATE TABLE pool_block ( -- the snapshot's records with facts, in blocks, encrypted
  activity text NOT NULL,
  draw int NOT NULL,
  n int NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (activity, draw, n),
  FOREIGN KEY (activity, draw) REFERENCES draw
);

CREATE TABLE standing_block ( -- who stands in a condition's order, before there is a seed; encrypted
  activity text NOT NULL,
  draw int NOT NULL,
  condition text NOT NULL,
  n int NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (activity, draw, condition, n),
  FOREIGN KEY (activity, draw) REFERENCES draw
);

CREATE TABLE order_block ( -- a condition's order in blocks of 1,024, encrypted: who is next must not be readable
  activity text NOT NULL,
  draw int NOT NULL,
  condition text NOT NULL,
  n int NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (activity, draw, condition, n),
  FOREIGN KEY (activity, draw) REFERENCES draw
);

CREATE TABLE pick (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  activity text NOT NULL REFERENCES activity,
  draw int NOT NULL,
  condition text NOT NULL,
  seat int NOT NULL CHECK (seat > 0),
  expert bigint NOT NULL REFERENCES expert,
  pseudonym text NOT NULL,                   -- the pool id in this activity
  units text[] NOT NULL,                     -- keyed hashes, for same_unit
  rank int NOT NULL,
  code char(6) NOT NULL,                     -- 验证码
  outcome pick_outcome NOT NULL DEFAULT 'open',
  picked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  decided_at timestamptz,
  FOREIGN KEY (activity, condition) REFERENCES condition,
  CONSTRAINT picked_once UNIQUE (activity, expert),             -- prevents calling somebody again after a refusal
  CONSTRAINT one_code_per_activity UNIQUE (activity, code),
  CONSTRAINT decided_when CHECK ((outcome = 'open') = (decided_at IS NULL))
);
-- prevents two experts on one seat, whatever code does (requirement K3)
CREATE UNIQUE INDEX one_expert_per_seat ON pick (activity, condition, seat) WHERE outcome IN ('open', 'accepted');

CREATE TABLE appointment ( -- who agreed is busy from 集合时间 − travel to 预计评标结束
  pick bigint PRIMARY KEY REFERENCES pick,
  expert bigint NOT NULL REFERENCES expert,
  activity text NOT NULL REFERENCES activity,
  during tstzrange NOT NULL,
  -- prevents one expert at two evaluations at once
  CONSTRAINT one_place_at_a_time EXCLUDE USING gist (expert WITH =, during WITH &&)
);

-- === calls ===================================================================================================

CREATE TABLE node ( -- an Asterisk node; the worker that holds its lease is the only one that may dial through it
  name text PRIMARY KEY,
  holder uuid,
  epoch bigint NOT NULL DEFAULT 0,           -- raised by each take-over: fences whoever held it before
  lease_until timestamptz NOT NULL DEFAULT '-infinity'
);

CREATE TABLE call (
  id text PRIMARY KEY CHECK (id ~ '^el[0-9a-f]{32}$'), -- also the channel's id: fixed length, ours, stored before it is used
  flow text NOT NULL,                        -- ivr.dialplans registry
  activity text NOT NULL REFERENCES activity,
  pick bigint REFERENCES pick,
  expert bigint REFERENCES expert,
  witness text,
  attempt int NOT NULL CHECK (attempt > 0),
  state call_state NOT NULL DEFAULT 'waiting',
  not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
  node text REFERENCES node,
  epoch bigint,
  dialled_at timestamptz,
  outcome call_outcome,                      -- may stand before the end: a confirmed key decides while the line is open
  decided_at timestamptz,
  evidence text,                             -- canonical JSON: what evidence_hash in the transcript stands for
  evidence_hash bytea,
  trail jsonb,                               -- the whole call afterwards, also what followed the decision
  ended_at timestamptz,
  CONSTRAINT somebody_is_called CHECK ((expert IS NULL) <> (witness IS NULL)),
  CONSTRAINT live_has_a_node CHECK (state = 'waiting' OR (node IS NOT NULL AND epoch IS NOT NULL) OR outcome = 'cancelled'),
  CONSTRAINT ended_has_an_outcome CHECK (state <> 'ended' OR (outcome IS NOT NULL AND ended_at IS NOT NULL))
);
-- prevents ringing one person twice at once, across all activities
CREATE UNIQUE INDEX one_live_call_per_expert ON call (expert) WHERE state = 'live';
-- prevents two calls for one matter
CREATE UNIQUE INDEX one_call_per_pick ON call (pick, flow) WHERE state <> 'ended';
CREATE UNIQUE INDEX one_call_per_witness ON call (activity, witness) WHERE state <> 'ended';
CREATE INDEX call_due ON call (not_before) WHERE state = 'waiting';
CREATE INDEX call_live ON call (node) WHERE state = 'live';
CREATE INDEX call_of_person ON call (expert, dialled_at);
CREATE INDEX call_of_activity ON call (activity);
CREATE INDEX call_dialled ON call (dialled_at);

-- === what nobody may change afterwards =======================================================================

CREATE TABLE transcript (
  activity text NOT NULL REFERENCES activity,
  seq int NOT NULL CHECK (seq >= 0),
  at text NOT NULL,                          -- RFC 3339 with milliseconds, as hashed
  type text NOT NULL,
  body text NOT NULL,                        -- canonical JSON, as hashed
  prev bytea NOT NULL,
  hash bytea NOT NULL,
  sig bytea NOT NULL,
  PRIMARY KEY (activity, seq)
);

CREATE INDEX transcript_witness ON transcript (activity) WHERE type = 'witness';

CREATE TABLE ledger ( -- RFC 6962 leaves: every commit and seal of all activities
  n bigint PRIMARY KEY CHECK (n >= 0),
  kind text NOT NULL CHECK (kind IN ('commit', 'seal')),
  lots text[] NOT NULL,                      -- hashed
  hash bytea NOT NULL,
  activity text NOT NULL,
  seq int NOT NULL,
  FOREIGN KEY (activity, seq) REFERENCES transcript
);
CREATE INDEX ledger_lots ON ledger USING gin (lots);

CREATE TABLE operation ( -- 操作记录
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL,
  role text NOT NULL,
  act text NOT NULL,
  activity text REFERENCES activity,
  remark text NOT NULL DEFAULT ''
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transcript
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operation
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- prevents opening a sealed result early by moving 预计评标开始 (A4, T1): no role, no switch
CREATE FUNCTION keep_evaluation_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.started_at IS NOT NULL AND (NEW.evaluation_start, NEW.started_at) IS DISTINCT FROM (OLD.evaluation_start, OLD.started_at)
  THEN
    RAISE EXCEPTION 'the evaluation''s start is fixed once the draw has started' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_evaluation_start BEFORE UPDATE ON activity FOR EACH ROW EXECUTE FUNCTION keep_evaluation_start();

-- === hints ==================================================================================================

CREATE FUNCTION tell_board() RETURNS trigger LANGUAGE plpgsql AS $$ -- whoever shows this activity looks again
BEGIN
  PERFORM pg_notify('board', NEW.activity);
  RETURN NULL;
END $$;
CREATE TRIGGER tell_board AFTER INSERT ON transcript FOR EACH ROW EXECUTE FUNCTION tell_board();
CREATE TRIGGER tell_board AFTER UPDATE OF state ON call FOR EACH ROW EXECUTE FUNCTION tell_board();

-- === grants ==================================================================================================

GRANT USAGE ON SCHEMA public TO expertline_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON expert, lot, activity, activity_lot, notice, condition, avoidance, witness
  TO expertline_service;
GRANT SELECT, INSERT, UPDATE ON draw, pick, call, node TO expertline_service;
GRANT SELECT, INSERT, DELETE ON appointment TO expertline_service;
GRANT SELECT, INSERT ON vault, pool_import, pool_block, standing_block, order_block, transcript, ledger, operation TO expertline_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO expertline_service;
