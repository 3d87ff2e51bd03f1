-- Names bound to the chain: who an expert was when the pool was fixed is sealed beside it, and whoever goes from a pick to a person
-- finds in one look all that the pick must fit.

CREATE TABLE name_block ( -- pool id, name, unit and 证件号 of 64 experts of a snapshot, ascending by pool id, encrypted
  activity text NOT NULL,
  draw int NOT NULL,
  first text COLLATE "C" NOT NULL,           -- the first pool id in it: a person is found by index, and one block is read
  data bytea NOT NULL,
  PRIMARY KEY (activity, draw, first),
  FOREIGN KEY (activity, draw) REFERENCES draw
);

-- Of a draw whose commit says `facts`: where a record is found, and the Merkle root of its block. The roots of all blocks give the
-- commit's pool_root, so that one record is proved by its block alone.
ALTER TABLE pool_block
  ADD COLUMN first text COLLATE "C",
  ADD COLUMN root bytea CHECK (length(root) = 32),
  ADD CONSTRAINT found_and_proved CHECK ((first IS NULL) = (root IS NULL));
CREATE UNIQUE INDEX pool_block_by_id ON pool_block (activity, draw, first);

-- What the transcript says of one expert, and how many draws were committed before that, without reading the whole of it.
CREATE INDEX transcript_of_expert ON transcript (activity, (body::jsonb ->> 'expert'), seq) WHERE type IN ('pick', 'outcome');
CREATE INDEX transcript_commits ON transcript (activity, seq) WHERE type = 'commit';
-- drawing.person.ALARM: alarms of late, for the health page
CREATE INDEX operation_alarms ON operation (at) WHERE act = '名单核对不符';

-- A pick with everything that it must fit before anybody is rung, written to or named by it (drawing.person): the activity's
-- key, the block of sealed names, its own entry in the transcript and the outcome that followed, and the expert's row.
CREATE VIEW pick_to_person AS
SELECT p.id AS pick, p.activity, p.draw, p.condition, p.seat, p.rank, p.expert, p.pseudonym, p.outcome::text AS outcome,
       p.code::text AS code, a.key_enc, e.id_card_enc, e.phone_enc, e.phone_hash, e.name_enc, e.language,
       EXISTS (SELECT FROM name_block x WHERE x.activity = p.activity AND x.draw = p.draw) AS names_sealed,
       n.first AS names_first, n.data AS names_enc,
       (SELECT count(*) FROM transcript c WHERE c.activity = p.activity AND c.type = 'commit' AND c.seq < t.seq)::int AS drawn,
       t.seq AS pick_seq, t.at AS pick_at, t.body AS pick_body, t.prev AS pick_prev, t.hash AS pick_hash, t.sig AS pick_sig,
       o.seq AS outcome_seq, o.at AS outcome_at, o.body AS outcome_body, o.prev AS outcome_prev, o.hash AS outcome_hash,
       o.sig AS outcome_sig
FROM pick p JOIN activity a ON a.id = p.activity JOIN expert e ON e.id = p.expert
LEFT JOIN LATERAL (
  SELECT b.first, b.data FROM name_block b
  WHERE b.activity = p.activity AND b.draw = p.draw AND b.first <= p.pseudonym COLLATE "C" ORDER BY b.first DESC LIMIT 1) n ON true
LEFT JOIN LATERAL (
  SELECT x.* FROM transcript x
  WHERE x.activity = p.activity AND x.type = 'pick' AND x.body::jsonb ->> 'expert' = p.pseudonym ORDER BY x.seq DESC LIMIT 1) t ON true
LEFT JOIN LATERAL (
  SELECT x.* FROM transcript x
  WHERE x.activity = p.activity AND x.type = 'outcome' AND x.body::jsonb ->> 'expert' = p.pseudonym AND x.seq > t.seq
  ORDER BY x.seq DESC LIMIT 1) o ON true;

GRANT SELECT, INSERT ON name_block TO expertline_service;
GRANT SELECT ON pick_to_person TO expertline_service;
