-- 声音准备: what a notice (语音通知) says is made before its draw may start, on each node that speaks with the natural voice
-- (ivr/notice_sounds.py); what a clerk is told of it: drawing/sound_rules.py.

ALTER TABLE node ADD COLUMN natural_voice text; -- which one its worker speaks with (engine, files, versions); empty:
-- none; null: no worker has said so yet

-- All that the notices of an activity say. Epochs and not times as text, which depend on who asks.
CREATE VIEW notice_words AS
SELECT a.id AS activity, a.state, a.evaluation_start, a.deleted_at, jsonb_build_array(extract(epoch FROM a.evaluation_end - a.evaluation_start),
  (SELECT jsonb_agg(jsonb_build_array(n.id, n.district, n.address, n.room, extract(epoch FROM n.gather_at), n.contact,
            n.contact_phone, n.note) ORDER BY n.id)
   FROM notice n WHERE n.activity = a.id))::text AS words
FROM activity a;

-- That in a voice, as a hash. So simple that PostgreSQL puts it into the statement that asks for many.
CREATE FUNCTION said_by(voice text, words text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(voice || words, 'UTF8')), 'hex')
$$;
CREATE FUNCTION notice_says(wanted text, voice text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT said_by(voice, w.words) FROM notice_words w WHERE w.activity = wanted
$$;

-- drawing.sound_rules.Made
CREATE TYPE sounds_made AS ENUM ('making', 'natural', 'plain');

CREATE TABLE notice_sounds (
  node text NOT NULL REFERENCES node,
  activity text NOT NULL REFERENCES activity,
  says text NOT NULL,                        -- notice_says of what they are made for
  state sounds_made NOT NULL DEFAULT 'making',
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  asked_ahead interval NOT NULL,             -- clock.ahead at asked_at: how long they take goes by the steady clock
  made_at timestamptz,
  PRIMARY KEY (node, activity),
  -- prevents sounds that are made without a time, and a time for those that are not
  CONSTRAINT made_at_a_time CHECK ((state = 'making') = (made_at IS NULL))
);

GRANT SELECT ON notice_words TO expertline_service;
GRANT SELECT, INSERT, UPDATE ON notice_sounds TO expertline_service;
