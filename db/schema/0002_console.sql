-- The console: who is logged in, and whose an activity is.

CREATE TABLE session ( -- a login; the browser holds the token, the database only its hash: a copy of the table opens nothing
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  provider text NOT NULL,
  identity text NOT NULL,
  csrf text NOT NULL CHECK (length(csrf) >= 32),
  flash jsonb NOT NULL DEFAULT '[]',         -- what the next page tells once: [["ok", "已保存"], …]
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT ends_later CHECK (expires_at > created_at)
);
CREATE INDEX session_expired ON session (expires_at);

CREATE TABLE activity_owner ( -- 经办: for which company, and by whom; who is not named here sees no activity of a clerk's
  activity text PRIMARY KEY REFERENCES activity,
  company text NOT NULL,                     -- 统一社会信用代码
  company_name text NOT NULL,
  handler text NOT NULL,                     -- the identity's id
  handler_name text NOT NULL
);
CREATE INDEX activity_owner_company ON activity_owner (company, handler);

-- 今日活动, 今日完成
CREATE INDEX activity_created ON activity (created_at);
CREATE INDEX transcript_complete ON transcript (at) WHERE type = 'complete';

GRANT SELECT, INSERT, UPDATE, DELETE ON session, activity_owner TO expertline_service;
