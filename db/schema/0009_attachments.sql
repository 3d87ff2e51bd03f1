-- 提交审核 with its attachments (V1), and pauses found without reading a whole transcript.

CREATE INDEX transcript_pauses ON transcript (activity, seq) WHERE type IN ('pause', 'resume');

CREATE TABLE attachment ( -- 附件 of an application; whatever it is, it is kept sealed and only ever handed out as a download
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  activity text NOT NULL REFERENCES activity,
  name text NOT NULL CHECK (name <> ''),     -- as the person called it
  size int NOT NULL CHECK (size > 0),        -- bytes, unsealed
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  data_enc bytea NOT NULL,
  by text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT attached_once UNIQUE (activity, sha256)
);

GRANT SELECT, INSERT, DELETE ON attachment TO expertline_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO expertline_service;
