-- The outbox, each statement with a name and one sentence.

-- name: plan_details
-- Who agreed lately and has yet to gather gets the details, once.
INSERT INTO message (kind, matter, activity, pick)
SELECT 'details', 'pick:' || p.id, p.activity, p.id
FROM pick p JOIN condition c ON c.activity = p.activity AND c.id = p.condition
     JOIN notice n ON n.activity = c.activity AND n.id = c.notice
WHERE p.outcome = 'accepted' AND p.decided_at > clock_timestamp() - interval '1 day' AND n.gather_at > clock_timestamp()
  AND NOT EXISTS (SELECT FROM message m WHERE m.kind = 'details' AND m.matter = 'pick:' || p.id)
ON CONFLICT DO NOTHING;

-- name: plan_notices
-- Who has been called about a change of time, a withdrawal or a release gets it in writing too, once for each matter, reached or
-- not; the call's hours are the message's.
INSERT INTO message (kind, matter, activity, pick)
SELECT DISTINCT CASE c.flow WHEN 'change_of_time' THEN 'time_changed' ELSE c.flow END,
       'pick:' || c.pick || ':' || md5(c.matter::text), c.activity, c.pick
FROM call c
WHERE c.flow IN ('change_of_time', 'withdrawal', 'release') AND c.dialled_at > clock_timestamp() - interval '1 day'
ON CONFLICT DO NOTHING;

-- name: plan_announcements
-- Who is about to be called for the first time, where the rules announce calls.
INSERT INTO message (kind, matter, activity, pick)
SELECT 'announcement', 'pick:' || p.id, p.activity, p.id
FROM activity a JOIN pick p ON p.activity = a.id
WHERE a.state = 'drawing' AND a.rules = ANY(%(rules)s) AND p.outcome = 'open'
  AND EXISTS (SELECT FROM call c WHERE c.pick = p.id AND c.flow = 'invitation' AND c.attempt = 1 AND c.state = 'waiting')
  AND NOT EXISTS (SELECT FROM message m WHERE m.kind = 'announcement' AND m.matter = 'pick:' || p.id)
ON CONFLICT DO NOTHING;

-- name: plan_witness_receipts
-- The witnesses of a commit that has no share yet, where the rules send them a receipt.
INSERT INTO message (kind, matter, activity, witness, draw)
SELECT 'witness_receipt', 'witness:' || d.activity || ':' || d.no || ':' || w.id, d.activity, w.id, d.no
FROM draw d JOIN activity a ON a.id = d.activity JOIN witness w ON w.activity = d.activity AND w.replaced_at IS NULL
WHERE d.sealed_at IS NULL AND d.witnessed_at IS NULL AND a.state = 'drawing' AND a.rules = ANY(%(rules)s)
ON CONFLICT DO NOTHING;

-- name: plan_seal_receipts
-- The witnesses of a draw that was sealed lately, where the rules send them receipts.
INSERT INTO message (kind, matter, activity, witness, draw)
SELECT 'seal_receipt', 'seal:' || d.activity || ':' || d.no || ':' || w.id, d.activity, w.id, d.no
FROM draw d JOIN activity a ON a.id = d.activity JOIN witness w ON w.activity = d.activity
     AND d.committed_at >= w.chosen_at AND (w.replaced_at IS NULL OR d.committed_at < w.replaced_at)
WHERE d.sealed_at > clock_timestamp() - interval '1 day' AND a.rules = ANY(%(rules)s)
  AND NOT EXISTS (SELECT FROM message m WHERE m.kind = 'seal_receipt' AND m.matter = 'seal:' || d.activity || ':' || d.no || ':' || w.id)
ON CONFLICT DO NOTHING;

-- name: put
-- A message that somebody asks for; asked for twice it is there once.
INSERT INTO message (kind, matter, activity, pick, address_enc)
VALUES (%(kind)s, %(matter)s, %(activity)s, %(pick)s, %(address_enc)s)
ON CONFLICT DO NOTHING;

-- name: due_kinds
-- Of which kinds something is due.
SELECT DISTINCT kind FROM message
WHERE state = 'sending' AND given_up_at IS NULL AND next_try <= clock_timestamp();

-- name: claim
-- Take what is due, while this worker's lease holds: nobody else gets it until its try counts as lost.
WITH held AS (
  SELECT FROM node WHERE name = %(node)s AND holder = %(holder)s AND epoch = %(epoch)s AND lease_until > clock_timestamp()),
due AS (
  SELECT id FROM message
  WHERE state = 'sending' AND given_up_at IS NULL AND next_try <= clock_timestamp() AND kind = ANY(%(kinds)s)
    AND EXISTS (SELECT FROM held)
  ORDER BY next_try, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
UPDATE message m SET tries = m.tries + 1, next_try = clock_timestamp() + %(lost_after)s * interval '1 second'
FROM due WHERE m.id = due.id
RETURNING m.id, m.kind, m.matter, m.activity, m.pick, m.witness, m.draw, m.address_enc, m.tries, clock_timestamp() AS now;

-- name: settle
-- What a try came to; nothing when a receipt or a later try was faster.
UPDATE message SET state = %(state)s::message_state, error = %(error)s,
       next_try = coalesce(clock_timestamp() + %(again_s)s * interval '1 second', next_try),
       given_up_at = CASE WHEN %(given_up)s THEN clock_timestamp() END, carrier = %(carrier)s, parts = %(parts)s,
       submitted_at = CASE WHEN %(state)s = 'submitted' THEN clock_timestamp() END
WHERE id = %(id)s AND tries = %(tries)s AND state = 'sending';

-- name: state_for_update
-- How far a message came, locked.
SELECT state::text AS state, carrier FROM message WHERE id = %(id)s FOR UPDATE;

-- name: note_receipt
-- What the receipt decides; a message that was given up in doubt had arrived after all.
UPDATE message SET state = %(state)s::message_state, receipt = %(receipt)s, receipt_at = clock_timestamp(),
       submitted_at = coalesce(submitted_at, clock_timestamp()), given_up_at = NULL, error = ''
WHERE id = %(id)s;

-- name: expert_facts
-- All that a message to an expert says, whether it is still true, and all that the pick must fit (drawing.person).
SELECT p.*, n.district, n.gather_at, n.address, n.room, n.contact,
       n.contact_phone, n.note, n.gather_at > clock_timestamp() AS ahead, a.state::text AS state,
       EXISTS (SELECT FROM call c WHERE c.pick = p.pick AND c.dialled_at IS NOT NULL) AS called
FROM pick_to_person p
     JOIN condition c ON c.activity = p.activity AND c.id = p.condition
     JOIN notice n ON n.activity = c.activity AND n.id = c.notice
     JOIN activity a ON a.id = p.activity
WHERE p.pick = %(pick)s;

-- name: witness_facts
-- The commit of that draw, and the witness's number.
SELECT w.no, w.phone_enc, w.phone_hash, t.body, encode(t.hash, 'hex') AS hash
FROM witness w JOIN transcript t ON t.activity = w.activity AND t.type = 'commit'
     JOIN draw d ON d.activity = w.activity AND d.no = %(draw)s AND d.committed_at >= w.chosen_at
       AND (w.replaced_at IS NULL OR d.committed_at < w.replaced_at)
WHERE w.activity = %(activity)s AND w.id = %(witness)s AND (t.body::jsonb ->> 'draw')::int = %(draw)s
ORDER BY t.seq DESC LIMIT 1;

-- name: draw_facts
-- Planned seats and those who agreed.
SELECT a.id AS activity, a.seats AS planned,
       (SELECT count(*) FROM pick p WHERE p.activity = a.id AND p.outcome = 'accepted') AS accepted
FROM activity a WHERE a.id = %(activity)s;

-- name: counts
-- How many messages of these kinds an activity has, and how far they are.
SELECT count(*) FILTER (WHERE state = 'sending' AND given_up_at IS NULL) AS sending,
       count(*) FILTER (WHERE state = 'submitted') AS submitted,
       count(*) FILTER (WHERE state = 'delivered') AS delivered,
       count(*) FILTER (WHERE state = 'failed') AS failed,
       count(*) FILTER (WHERE given_up_at IS NOT NULL) AS given_up
FROM message WHERE activity = %(activity)s AND kind = ANY(%(kinds)s);
