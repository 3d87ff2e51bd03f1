-- Every statement of drawing/, each with a name and one sentence. Locks are taken in the order activity, pick, call, ledger;
-- the operation log's comes by itself at COMMIT.

-- name: lock_activity (prepared)
-- A draw has one writer at a time: every transaction that touches it begins here.
SELECT FROM activity a WHERE a.id = %(activity)s FOR UPDATE;

-- name: locked_activity (prepared)
-- The activity as it is once the lock is held, and the end of its chain; a statement of its own, because the one that waited
-- for the lock still sees the chain as it was before.
SELECT a.id, a.state::text AS state, a.rules, a.key_enc, a.seats, a.owed, a.evaluation_start, a.evaluation_end, a.on_site,
       clock_timestamp() AS now, t.seq AS head_seq, t.at AS head_at, t.hash AS head_hash, t.type AS head_type, t.clock AS head_clock
FROM activity a LEFT JOIN LATERAL (
  SELECT seq, at, hash, type, clock FROM transcript WHERE activity = a.id ORDER BY seq DESC LIMIT 1) t ON true
WHERE a.id = %(activity)s;

-- name: try_lock_activity (prepared)
-- The same for a sweep: another worker that holds it does the work.
SELECT a.id, a.state::text AS state, a.rules, a.key_enc, a.owed, a.evaluation_start, a.evaluation_end, a.on_site,
       clock_timestamp() AS now
FROM activity a WHERE a.id = %(activity)s FOR UPDATE SKIP LOCKED;

-- name: running
-- Activities that may have something due: a draw that is under way, or to be sealed; a sealed one (or one that is short) whose
-- moment to be opened has come; 预计评标结束 that has passed; a chain that is to be closed. Each part reads a partial index of what
-- is not over, and (OFFSET 0) looks the rest up by key: it never goes through all activities.
SELECT a.id FROM activity a WHERE a.state IN ('drawing', 'paused')
UNION
SELECT a.id FROM draw d JOIN activity a ON a.id = d.activity
WHERE d.sealed_at IS NULL AND a.state IN ('completed', 'ended', 'released')
UNION
SELECT d.activity FROM draw d CROSS JOIN LATERAL (
  SELECT a.state, CASE WHEN a.evaluation_start - d.opens_lead_s * interval '1 second' <= clock_timestamp()
                  THEN result_opens_at(a.id, d.opens_lead_s) END AS opens_at FROM activity a WHERE a.id = d.activity OFFSET 0) a
WHERE d.unsealed_at IS NULL AND (d.sealed_at IS NOT NULL OR a.state = 'short') AND a.opens_at <= clock_timestamp()
UNION
SELECT a.id FROM activity a
WHERE (a.state = 'short' OR a.state = 'completed' AND NOT a.on_site) AND a.evaluation_end <= statement_timestamp()
UNION
SELECT a.id FROM activity a CROSS JOIN LATERAL (
  SELECT bool_and(d.unsealed_at IS NOT NULL) AS opened FROM draw d WHERE d.activity = a.id OFFSET 0) o
WHERE a.state IN ('ended', 'released') AND a.closed_at IS NULL AND o.opened;

-- name: set_state
-- Only drawing.lifecycle says which state may follow.
UPDATE activity SET state = %(state)s::activity_state,
       started_at = CASE WHEN %(state)s = 'drawing' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END
WHERE id = %(activity)s;

-- name: set_owed (prepared)
-- Whether a seat came free that advance has not looked at yet.
UPDATE activity SET owed = %(owed)s WHERE id = %(activity)s;

-- name: log_operation
-- 操作记录.
INSERT INTO operation (actor, role, act, activity, remark)
VALUES (%(actor)s, %(role)s, %(act)s, %(activity)s, %(remark)s);

-- name: notice_sounds
-- How far each node that speaks with the natural voice is with what an activity's notices say now, and since when that is wanted:
-- for how long by the steady clock, or since the last act on the activity where its worker has not looked yet. A node whose
-- worker is gone holds nothing up.
SELECT v.state::text AS state, coalesce(v.asked_at, o.at) AS since,
       extract(epoch FROM clock_timestamp() - coalesce(v.asked_at - v.asked_ahead + k.ahead, o.at))::float8 AS waited_s
FROM node n CROSS JOIN clock k
     LEFT JOIN notice_sounds v ON v.node = n.name AND v.activity = %(activity)s
       AND v.says = notice_says(%(activity)s, n.natural_voice)
     LEFT JOIN LATERAL (SELECT p.at FROM operation p WHERE p.activity = %(activity)s ORDER BY p.id DESC LIMIT 1) o ON true
WHERE n.natural_voice <> '' AND n.holder IS NOT NULL AND n.lease_until > clock_timestamp();

-- name: wake
-- A hint to the workers that something is due; the truth is in the rows.
SELECT pg_notify('work', %(activity)s);

-- name: conditions (prepared)
-- The conditions of an activity in the commit's order.
SELECT id, mode::text AS mode, regions, main, backup, titles, qualifications, authorities, seats, notice
FROM condition WHERE activity = %(activity)s ORDER BY position;

-- name: avoided
-- 回避单位 and 回避人员; a person by 证件号, else by everybody of that name.
SELECT v.unit, v.id_card_hash, v.id, v.name_enc,
       ARRAY(SELECT e.id_card_hash FROM expert e WHERE e.name_hash = v.name_hash AND v.id_card_hash IS NULL) AS same_name
FROM avoidance v WHERE v.activity = %(activity)s
UNION ALL -- whoever took part in an earlier activity that the clerk named (A5)
SELECT NULL, e.id_card_hash, NULL, NULL, '{}' FROM activity_before b
JOIN pick k ON k.activity = b.earlier AND k.outcome = 'accepted' JOIN expert e ON e.id = k.expert
WHERE b.activity = %(activity)s;

-- name: lots
-- The 标段 of an activity.
SELECT lot FROM activity_lot WHERE activity = %(activity)s ORDER BY lot;

-- name: witnesses
-- Who may give the share of this activity, in the order in which they are called.
SELECT id FROM witness WHERE activity = %(activity)s AND replaced_at IS NULL ORDER BY position, id;

-- name: current_draw
-- The draw that is under way, or was last.
SELECT no, commit_hash, system_share_enc, pool_key_enc, pool_size, committed_at, witnessed_at, sealed_at
FROM draw WHERE activity = %(activity)s ORDER BY no DESC LIMIT 1;

-- name: insert_draw
-- A committed draw; its share stays encrypted until the seal.
INSERT INTO draw (activity, no, commit_hash, system_share_enc, pool_key_enc, pool_size, opens_lead_s)
VALUES (%(activity)s, %(no)s, %(commit_hash)s, %(system_share_enc)s, %(pool_key_enc)s, %(pool_size)s, %(opens_lead_s)s);

-- name: mark_ordered
-- The order of every condition is stored: picks may follow.
UPDATE draw SET witnessed_at = clock_timestamp() WHERE activity = %(activity)s AND no = %(no)s;

-- name: mark_sealed
-- The seal entry is written.
UPDATE draw SET sealed_at = clock_timestamp() WHERE activity = %(activity)s AND no = %(no)s;

-- name: pool_block
-- One block of a pool.
SELECT data FROM pool_block WHERE activity = %(activity)s AND draw = %(draw)s AND n = %(place)s;

-- name: standing_blocks
-- Who stands in a condition's order, by pool id.
SELECT data FROM standing_block
WHERE activity = %(activity)s AND draw = %(draw)s AND condition = %(condition)s ORDER BY n;

-- name: experts
-- The snapshot's rows; the units are the employer now and those left since %(since)s, the reasons those that can't be derived.
SELECT e.id, e.id_card_hash, e.residence, e.willing, e.specialties, e.title, e.qualifications, e.authorities,
       CASE WHEN e.former_units = '[]' THEN ARRAY[e.unit] ELSE
         ARRAY[e.unit] || ARRAY(SELECT f ->> 0 FROM jsonb_array_elements(e.former_units) f
                                WHERE (f ->> 1)::date >= %(since)s) END,
       CASE WHEN e.suspended THEN ARRAY['suspended'] ELSE '{}' END
       || CASE WHEN EXISTS (SELECT FROM appointment p WHERE p.expert = e.id AND p.during && tstzrange(%(from)s, %(to)s))
          THEN ARRAY['appointment'] ELSE '{}' END,
       e.unit, e.name_enc, e.id_card_enc
FROM expert e;

-- name: period
-- From when to when an expert of this activity is busy.
SELECT min(n.gather_at) - %(travel)s * interval '1 second' AS busy_from, a.evaluation_end AS busy_to
FROM activity a JOIN notice n ON n.activity = a.id WHERE a.id = %(activity)s GROUP BY a.id;

-- name: pseudonyms
-- Who was picked in this activity before.
SELECT pseudonym FROM pick WHERE activity = %(activity)s;

-- name: order_block
-- One block of a condition's order.
SELECT data FROM order_block
WHERE activity = %(activity)s AND draw = %(draw)s AND condition = %(condition)s AND n = %(n)s;

-- name: picks (prepared)
-- Everybody picked in this activity so far; the units of those who hold a seat.
SELECT p.condition, p.seat, p.pseudonym, p.outcome::text AS outcome,
       CASE WHEN p.outcome IN ('open', 'accepted') THEN p.units END AS units
FROM pick p WHERE p.activity = %(activity)s ORDER BY p.id;

-- name: standing (prepared)
-- Whether anything is due, in one look: the draw under way (or the last one, or NULLs), planned and agreed seats, open picks,
-- open picks without a call under way, live calls, whether a sealed draw is still to be opened, and the end of the chain.
SELECT h.seq AS head_seq, h.at AS head_at, h.hash AS head_hash, h.type AS head_type, h.clock AS head_clock, d.no, d.system_share_enc, d.witnessed_at, d.sealed_at, t.accepted, t.open, t.idle,
       (SELECT sum(c.seats) FROM condition c WHERE c.activity = %(activity)s) AS planned,
       (SELECT count(*) FROM call c WHERE c.activity = %(activity)s AND c.state = 'live') AS live,
       EXISTS (SELECT FROM draw e WHERE e.activity = %(activity)s AND e.sealed_at IS NOT NULL AND e.unsealed_at IS NULL) AS unopened
FROM (SELECT count(*) FILTER (WHERE p.outcome = 'accepted') AS accepted,
             count(*) FILTER (WHERE p.outcome = 'open') AS open,
             count(*) FILTER (WHERE p.outcome = 'open' AND NOT EXISTS (
               SELECT FROM call c WHERE c.pick = p.id AND (
                 c.flow IN ('invitation', 'call_back_invitation') AND c.state = 'live'
                 OR c.flow = 'invitation' AND c.state = 'waiting' AND (c.attempt = 1
                   OR p.picked_at BETWEEN clock_timestamp() - %(hold)s * interval '1 second' AND clock_timestamp())))) AS idle
      FROM pick p WHERE p.activity = %(activity)s AND p.outcome IN ('open', 'accepted')) t
LEFT JOIN LATERAL (
  SELECT * FROM draw WHERE draw.activity = %(activity)s ORDER BY no DESC LIMIT 1) d ON true
LEFT JOIN LATERAL (
  SELECT seq, at, hash, type, clock FROM transcript WHERE activity = %(activity)s ORDER BY seq DESC LIMIT 1) h ON true;

-- name: idle_picks
-- Open picks with no live call and no first one waiting, with what their calls came to, when they ended as the clock counts it now,
-- and a retry that waits. A call back holds the seat while it is live, and is no try: whoever forges an expert's number must not use
-- their tries up.
SELECT p.id, p.condition, p.seat, p.expert, p.pseudonym, p.picked_at,
       (SELECT c.id FROM call c WHERE c.pick = p.id AND c.flow = 'invitation' AND c.state = 'waiting') AS retry,
       ARRAY(SELECT c.outcome::text FROM call c WHERE c.pick = p.id AND c.flow = 'invitation' AND c.state = 'ended'
             ORDER BY c.attempt) AS outcomes,
       ARRAY(SELECT c.ended_at + (k.ahead - c.ended_ahead) FROM call c, clock k
             WHERE c.pick = p.id AND c.flow = 'invitation' AND c.state = 'ended' ORDER BY c.attempt) AS ended,
       ARRAY(SELECT encode(c.evidence_hash, 'hex') FROM call c WHERE c.pick = p.id AND c.flow = 'invitation'
             AND c.state = 'ended' ORDER BY c.attempt) AS evidence
FROM pick p
WHERE p.activity = %(activity)s AND p.outcome = 'open' AND NOT EXISTS (
  SELECT FROM call c WHERE c.pick = p.id AND (
    c.flow IN ('invitation', 'call_back_invitation') AND c.state = 'live'
    OR c.flow = 'invitation' AND c.state = 'waiting' AND c.attempt = 1))
ORDER BY p.id;

-- name: pick_and_call (prepared)
-- A pick takes its numbered seat; the unique index refuses a second one on it. Its 验证码 is the first of %(codes)s that nobody
-- else in the activity has. Its first call waits for the dispatcher.
WITH picked AS (
  INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code)
  VALUES (%(activity)s, %(draw)s, %(condition)s, %(seat)s, %(expert)s, %(pseudonym)s, %(units)s, %(rank)s,
          (SELECT o.code FROM unnest(%(codes)s::text[]) WITH ORDINALITY o (code, n) WHERE NOT EXISTS (
             SELECT FROM pick p WHERE p.activity = %(activity)s AND p.code = o.code::char(6)) ORDER BY o.n LIMIT 1))
  RETURNING id)
INSERT INTO call (id, flow, activity, pick, expert, attempt, not_before)
SELECT %(call)s, 'invitation', %(activity)s, p.id, %(expert)s, 1, %(first)s FROM picked p;

-- name: decide_pick (prepared)
-- An open pick gets its outcome, once.
UPDATE pick SET outcome = %(outcome)s::pick_outcome, decided_at = clock_timestamp()
WHERE id = %(pick)s AND outcome = 'open';

-- name: drop_call
-- A waiting call whose matter is settled, such as a retry that held its seat too long (D9).
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE id = %(call)s AND state = 'waiting';

-- name: drop_waiting_calls
-- 强制结束: who waits to be called about this draw is not called any more, nor told where to go.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE activity = %(activity)s AND flow IN ('invitation', 'call_back_invitation', 'witness', 'details') AND state = 'waiting';

-- name: halt_numbers
-- How many have agreed in the draw under way, and how many lines to experts are open: what a pause or an end says of its moment.
SELECT (SELECT count(*) FROM pick p WHERE p.activity = %(activity)s AND p.outcome = 'accepted'
          AND p.draw = (SELECT max(no) FROM draw WHERE draw.activity = %(activity)s)) AS agreed,
       (SELECT count(*) FROM call c WHERE c.activity = %(activity)s AND c.flow = 'invitation' AND c.state = 'live'
          AND c.decided_at IS NULL) AS live;

-- name: pauses
-- When the draw under way was paused and went on, in turn, with the monotonic clock at that moment.
SELECT t.at, t.clock FROM transcript t
WHERE t.activity = %(activity)s AND t.type IN ('pause', 'resume')
  AND t.seq > (SELECT max(c.seq) FROM transcript c WHERE c.activity = %(activity)s AND c.type = 'commit')
ORDER BY t.seq;

-- name: drop_appointments
-- After 强制结束 nobody is expected: who had agreed is free for another evaluation.
DELETE FROM appointment WHERE activity = %(activity)s;

-- name: insert_appointment
-- Who agreed is busy from 集合时间 − travel to 预计评标结束.
INSERT INTO appointment (pick, expert, activity, during)
SELECT p.id, p.expert, p.activity, tstzrange(n.gather_at - %(travel)s * interval '1 second', a.evaluation_end)
FROM pick p JOIN condition c ON c.activity = p.activity AND c.id = p.condition
     JOIN notice n ON n.activity = c.activity AND n.id = c.notice
     JOIN activity a ON a.id = p.activity
WHERE p.id = %(pick)s;

-- name: insert_call
-- A call that waits for the dispatcher.
INSERT INTO call (id, flow, activity, pick, expert, witness, attempt, not_before, draw)
VALUES (%(id)s, %(flow)s, %(activity)s, %(pick)s, %(expert)s, %(witness)s, %(attempt)s,
        coalesce(%(not_before)s, clock_timestamp()), %(draw)s);

-- name: decide_call (prepared)
-- The confirmed key, while the line is open: fenced by epoch, written once.
UPDATE call SET outcome = %(outcome)s::call_outcome, decided_at = clock_timestamp(), evidence = %(evidence)s,
       evidence_hash = %(evidence_hash)s
WHERE id = %(call)s AND epoch = %(epoch)s AND outcome IS NULL AND state = 'live'
RETURNING pick, expert, witness, attempt;

-- name: decide_invitation (prepared)
-- The same with the pick that the call was about, which gets its outcome once: not closed when it has one already. A retry or a
-- call back that waits has nothing to ask any more (neither ended nor live: put so, the planner can't go through all that wait
-- instead of those of the pick). A call back's answer comes with what the calls before it came to. No row while the draw owes a pick,
-- which it does from now on when a seat came free; the lock is had before.
WITH held AS (
  SELECT a.id, a.rules, clock_timestamp() AS now, t.seq AS head_seq, t.at AS head_at, t.hash AS head_hash,
         t.type AS head_type, t.clock AS head_clock
  FROM activity a LEFT JOIN LATERAL (
    SELECT seq, at, hash, type, clock FROM transcript WHERE activity = a.id ORDER BY seq DESC LIMIT 1) t ON true
  WHERE a.id = %(activity)s AND (NOT a.owed OR %(regardless)s)),
decided AS (
  UPDATE call c SET outcome = %(outcome)s::text::call_outcome, decided_at = clock_timestamp(), evidence = %(evidence)s,
         evidence_hash = %(evidence_hash)s
  FROM held WHERE c.id = %(call)s AND c.epoch = %(epoch)s AND c.outcome IS NULL AND c.state = 'live'
  RETURNING c.pick, c.attempt, c.flow),
closed AS (
  UPDATE pick p SET outcome = %(outcome)s::text::pick_outcome, decided_at = clock_timestamp()
  FROM decided d WHERE p.id = d.pick AND p.outcome = 'open' RETURNING p.id),
dropped AS (
  UPDATE call w SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
  FROM decided d WHERE w.pick = d.pick AND w.flow IN ('invitation', 'call_back_invitation')
    AND w.state <> 'ended' AND w.state <> 'live'),
owing AS (
  UPDATE activity a SET owed = true FROM closed WHERE a.id = %(activity)s AND %(outcome)s <> 'accepted')
SELECT h.*, d.pick, d.attempt, EXISTS (SELECT FROM closed) AS closed, CASE WHEN d.flow = 'call_back_invitation' THEN
         ARRAY(SELECT c.outcome::text FROM call c WHERE c.pick = d.pick AND c.flow = 'invitation' AND c.state = 'ended'
               ORDER BY c.attempt) END AS tries
FROM held h LEFT JOIN decided d ON true;

-- name: decided_so
-- Whether this very decision stands already: its first answer got lost on the way back.
SELECT true FROM call
WHERE id = %(call)s AND epoch = %(epoch)s AND outcome = %(outcome)s::call_outcome AND decided_at IS NOT NULL;

-- name: end_call (prepared)
-- The line is known to be gone; an outcome that was decided before stays. No row while the draw owes a pick, no attempt when
-- the call is not ours or has its end; the lock is had before.
WITH held AS (
  SELECT a.id, a.state::text AS state, clock_timestamp() AS now, t.seq AS head_seq, t.at AS head_at, t.hash AS head_hash,
         t.type AS head_type, t.clock AS head_clock
  FROM activity a LEFT JOIN LATERAL (
    SELECT seq, at, hash, type, clock FROM transcript WHERE activity = a.id ORDER BY seq DESC LIMIT 1) t ON true
  WHERE a.id = %(activity)s AND (NOT a.owed OR %(regardless)s)),
ended AS (
  UPDATE call c SET state = 'ended', ended_at = clock_timestamp(), ended_ahead = (SELECT ahead FROM clock), trail = %(trail)s,
         trunk_result = %(trunk_result)s::text::trunk_result, trunk_end = %(trunk_end)s::text::trunk_end,
         outcome = coalesce(c.outcome, %(outcome)s::call_outcome),
         evidence = coalesce(c.evidence, %(evidence)s), evidence_hash = coalesce(c.evidence_hash, %(evidence_hash)s)
  FROM held WHERE c.id = %(call)s AND c.epoch = %(epoch)s AND c.state = 'live'
  RETURNING c.pick, c.witness, c.attempt, c.flow, c.outcome::text AS outcome, c.decided_at IS NOT NULL AS decided)
SELECT h.*, e.* FROM held h LEFT JOIN ended e ON true;

-- name: end_decided (prepared)
-- The same for a call whose decision stands, which leads to nothing more: no entry, so that nothing has to come before it. No row
-- for any other call.
UPDATE call c SET state = 'ended', ended_at = clock_timestamp(), trail = %(trail)s,
       trunk_result = %(trunk_result)s::text::trunk_result, trunk_end = %(trunk_end)s::text::trunk_end
FROM activity a
WHERE a.id = %(activity)s AND c.id = %(call)s AND c.epoch = %(epoch)s AND c.state = 'live'
  AND c.outcome = %(outcome)s::text::call_outcome AND c.decided_at IS NOT NULL
RETURNING a.state::text AS state;

-- name: open_pseudonym
-- The pool id of a pick that has no outcome yet.
SELECT pseudonym FROM pick WHERE id = %(pick)s AND outcome = 'open';

-- name: witness_calls
-- What the calls to the witnesses of the draw under way came to so far, and when they ended as the clock counts it now; one that
-- has no end yet counts whatever draw it is of.
SELECT c.witness, c.attempt, c.state::text AS state, c.outcome::text AS outcome,
       c.ended_at + (k.ahead - c.ended_ahead) AS ended_at
FROM call c, clock k WHERE c.activity = %(activity)s AND c.flow = 'witness' AND (c.state <> 'ended' OR c.draw = %(draw)s)
ORDER BY c.attempt, c.id;

-- name: now
-- The database's clock, which is the only one that counts.
SELECT clock_timestamp();

-- name: chain
-- The whole chain.
SELECT seq, at, type, body, prev, hash, sig FROM transcript WHERE activity = %(activity)s ORDER BY seq;

-- name: append_entry (prepared)
-- The transcript only ever grows.
INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig, clock)
VALUES (%(activity)s, %(seq)s, %(at)s, %(type)s, %(body)s, %(prev)s, %(hash)s, %(sig)s, %(clock)s);

-- name: share_entry
-- The witness's share of a draw, if it is given: the last `witness` entry after that draw's commit.
SELECT t.body FROM transcript t
WHERE t.activity = %(activity)s AND t.type = 'witness'
  AND t.seq > (SELECT max(c.seq) FROM transcript c WHERE c.activity = %(activity)s AND c.type = 'commit')
ORDER BY t.seq LIMIT 1;

-- name: commit_body
-- The commit of the draw under way, or of the last.
SELECT body FROM transcript WHERE activity = %(activity)s AND type = 'commit' ORDER BY seq DESC LIMIT 1;

-- name: seal_hash
-- The hash of the last seal.
SELECT encode(hash, 'hex') FROM transcript WHERE activity = %(activity)s AND type = 'seal' ORDER BY seq DESC LIMIT 1;

-- name: drop_witness_calls
-- The share is there: a call that waits to ask for it is none any more.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE activity = %(activity)s AND flow = 'witness' AND state = 'waiting';

-- name: rules_of
-- The version of the rules that hold for an activity.
SELECT rules FROM activity WHERE id = %(activity)s;

-- name: witnessed_by
-- The activities that this person witnesses, or whose draws they witnessed, those that wait for digits first.
SELECT a.id, a.name, a.state::text AS state, d.no AS draw, d.committed_at,
       a.state = 'drawing' AND d.no IS NOT NULL AND d.witnessed_at IS NULL AND NOT EXISTS (
         SELECT FROM transcript t WHERE t.activity = a.id AND t.type = 'witness'
           AND t.seq > (SELECT max(c.seq) FROM transcript c WHERE c.activity = a.id AND c.type = 'commit')) AS waiting
FROM (SELECT a.id, a.name, a.state
      FROM witnessed w CROSS JOIN LATERAL (SELECT id, name, state FROM activity WHERE id = w.activity OFFSET 0) a
      WHERE w.person = %(witness)s AND (%(activity)s::text IS NULL OR w.activity = %(activity)s)
        AND a.state NOT IN ('draft', 'submitted', 'rejected')
      ORDER BY a.state <> 'drawing', a.id DESC LIMIT 200) a
     LEFT JOIN LATERAL (SELECT * FROM draw WHERE draw.activity = a.id ORDER BY no DESC LIMIT 1) d ON true
ORDER BY waiting DESC, a.state <> 'drawing', a.id DESC;

-- name: shares_used
-- Digits given since a moment, with theirs; found by their index.
SELECT at, body::jsonb -> 'share' ->> 'value' AS value FROM transcript WHERE type = 'witness' AND at >= %(since)s;

-- name: share_used
-- These digits, if they were given before: found by their index.
SELECT body::jsonb -> 'share' ->> 'value' AS value FROM transcript
WHERE type = 'witness' AND body::jsonb -> 'share' ->> 'value' = %(digits)s LIMIT 1;

-- name: lock_ledger
-- The ledger has one writer at a time; always the last lock.
SELECT pg_advisory_xact_lock(7236011);

-- name: ledger
-- Every leaf.
SELECT n, kind, lots, hash, activity, seq FROM ledger ORDER BY n;

-- name: append_ledger
-- A leaf for a commit or a seal.
INSERT INTO ledger (n, kind, lots, hash, peaks, activity, seq)
VALUES (%(n)s, %(kind)s, %(lots)s, %(hash)s, %(peaks)s::bytea[], %(activity)s, %(seq)s);

-- name: last_leaf
-- The ledger's end: its last place, and the peaks of the tree that ends there.
SELECT n, peaks FROM ledger ORDER BY n DESC LIMIT 1;

-- name: own_leaves
-- The ledger up to this activity's last leaf, for a receipt of a draw that began before heads were kept.
SELECT n, kind, lots, hash, peaks FROM ledger
WHERE n <= (SELECT max(o.n) FROM ledger o WHERE o.activity = %(activity)s) ORDER BY n;

-- name: fix_head
-- The head with a commit or a seal, once: all its receipts say this one.
INSERT INTO ledger_head (activity, draw, size, root, given) VALUES (%(activity)s, %(draw)s, %(size)s, %(root)s, %(given)s)
ON CONFLICT DO NOTHING;

-- name: fixed_head
-- The head that was fixed with a draw's commit or seal.
SELECT size, encode(root, 'hex') AS root FROM ledger_head WHERE activity = %(activity)s AND draw = %(draw)s AND given = %(given)s;

-- name: last_head
-- The head that was fixed with the activity's last commit or seal.
SELECT draw, size, encode(root, 'hex') AS root FROM ledger_head
WHERE activity = %(activity)s AND given IN ('commit', 'seal') ORDER BY id DESC LIMIT 1;

-- name: give_head
-- A head goes out to somebody; of a receipt that is asked for again nothing more is kept.
INSERT INTO ledger_head (activity, draw, size, root, given, whom)
VALUES (%(activity)s, %(draw)s, %(size)s, %(root)s, %(given)s, %(whom)s) ON CONFLICT DO NOTHING;

-- name: heads
-- Every head that was given out in an activity.
SELECT DISTINCT size, encode(root, 'hex') AS root FROM ledger_head WHERE activity = %(activity)s ORDER BY size, root;

-- name: last_of_activity
-- The hash of the ledger's last entry of an activity: of its last seal, where a supplement is committed.
SELECT hash FROM ledger WHERE activity = %(activity)s ORDER BY n DESC LIMIT 1;

-- name: log_head
-- The operation log's last row that is committed, unless the ledger has its hash already; the ledger's lock is held.
SELECT head.seq, head.hash
FROM (SELECT seq, hash FROM operation_chain ORDER BY seq DESC LIMIT 1) head
WHERE head.seq > coalesce((SELECT max(seq) FROM ledger WHERE kind = 'log'), -1);

-- name: log_head_due
-- Whether rows of the operation log have followed the last head in the ledger, and that head is a day old (or there is none).
SELECT head.seq > coalesce(kept.seq, -1) AND (kept.seq IS NULL OR o.at < clock_timestamp() - interval '1 day')
FROM (SELECT max(seq) AS seq FROM operation_chain) head
CROSS JOIN (SELECT max(seq)::bigint AS seq FROM ledger WHERE kind = 'log') kept
LEFT JOIN operation_chain c ON c.seq = kept.seq LEFT JOIN operation o ON o.id = c.operation;

-- name: calls_evidence
-- What the hashes in attempts stand for.
SELECT encode(evidence_hash, 'hex') AS hash, evidence FROM call
WHERE activity = %(activity)s AND evidence IS NOT NULL ORDER BY dialled_at, id;

-- name: draws
-- The activity's draws in turn, and what their openings and the chain's end depend on: the earliest current 集合时间, whether the
-- chain has a forced end, whether a call is live that may still write an entry.
SELECT d.no, d.sealed_at IS NOT NULL AS sealed, d.unsealed_at IS NOT NULL AS unsealed, d.opens_lead_s AS lead_s, d.system_share_enc,
       result_opens_at(d.activity, d.opens_lead_s) AS opens_at,
       (SELECT min(n.gather_at) FROM condition c JOIN notice n ON n.activity = c.activity AND n.id = c.notice
        WHERE c.activity = d.activity) AS gather_at,
       EXISTS (SELECT FROM transcript t WHERE t.activity = d.activity AND t.type = 'force_end') AS force_ended,
       EXISTS (SELECT FROM call c WHERE c.activity = d.activity AND c.state = 'live'
               AND c.flow IN ('invitation', 'call_back_invitation', 'witness')) AS live
FROM draw d WHERE d.activity = %(activity)s ORDER BY d.no;

-- name: unseal
-- A draw is opened; the database refuses it before its time.
UPDATE draw SET unsealed_at = clock_timestamp(), names_nobody = %(nobody)s WHERE activity = %(activity)s AND no = %(no)s;

-- name: set_closed
-- The chain has its last entry.
UPDATE activity SET closed_at = clock_timestamp() WHERE id = %(activity)s;

-- name: drop_calls_of_over
-- 预计评标结束 has passed: nobody is called about it any more, but for who sits at a telephone and waits.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE activity = %(activity)s AND state = 'waiting' AND flow NOT IN ('masked', 'call_back', 'call_back_nothing');

-- name: opening
-- How far an activity's results are open: whether a draw is, whether one is to be opened now, whether the last one is sealed, and
-- when it opens.
SELECT coalesce(bool_or(d.unsealed_at IS NOT NULL), false) AS opened,
       coalesce(bool_or(d.unsealed_at IS NULL AND d.sealed_at IS NOT NULL
                        AND result_opens_at(a.id, d.opens_lead_s) <= clock_timestamp()), false) AS due,
       coalesce(bool_and(d.sealed_at IS NOT NULL), false) AS sealed, min(result_opens_at(a.id, d.opens_lead_s)) AS opens_at,
       clock_timestamp() AS now
FROM activity a LEFT JOIN draw d ON d.activity = a.id WHERE a.id = %(activity)s GROUP BY a.id;

-- name: head_hash
-- The hash of a transcript's last entry.
SELECT hash FROM transcript WHERE activity = %(activity)s ORDER BY seq DESC LIMIT 1;

-- name: activity_key
-- The key of an activity's pool ids, sealed, and how far the activity is.
SELECT key_enc, state::text AS state FROM activity WHERE id = %(activity)s;

-- name: picks_to_name
-- Every pick of an activity as its row has it, by condition and seat, and the expert's row of those who agreed.
SELECT p.draw, p.condition, p.seat, p.rank, p.expert, p.pseudonym, p.outcome::text AS outcome, p.code::text AS code,
       e.name_enc, e.unit, e.specialties, e.title, n.gather_at, d.names_nobody
FROM pick p LEFT JOIN draw d ON d.activity = p.activity AND d.no = p.draw LEFT JOIN expert e ON e.id = p.expert AND p.outcome = 'accepted'
     JOIN condition c ON c.activity = p.activity AND c.id = p.condition
     JOIN notice n ON n.activity = c.activity AND n.id = c.notice
WHERE p.activity = %(activity)s ORDER BY c.position, p.seat, p.id;

-- name: pool_key
-- The key of a draw's salts, sealed.
SELECT pool_key_enc FROM draw WHERE activity = %(activity)s AND no = %(draw)s;

-- name: names_of
-- The blocks of sealed names in which these pool ids are, each found by index.
SELECT i.expert, b.first, b.data FROM unnest(%(experts)s::text[]) AS i (expert) JOIN LATERAL (
  SELECT first, data FROM name_block
  WHERE activity = %(activity)s AND draw = %(draw)s AND first <= i.expert COLLATE "C" ORDER BY first DESC LIMIT 1) b ON true;

-- name: block_roots
-- The Merkle roots of a pool's blocks, in order: together they give the commit's pool_root.
SELECT root FROM pool_block WHERE activity = %(activity)s AND draw = %(draw)s ORDER BY n;

-- name: blocks_of
-- The places (from 0) of the pool blocks in which these pool ids are.
SELECT i.expert, b.n AS place FROM unnest(%(experts)s::text[]) AS i (expert) JOIN LATERAL (
  SELECT n FROM pool_block
  WHERE activity = %(activity)s AND draw = %(draw)s AND first <= i.expert COLLATE "C" ORDER BY first DESC LIMIT 1) b ON true;

-- name: activities_before
-- The earlier activities whose experts are avoided (A5).
SELECT earlier FROM activity_before WHERE activity = %(activity)s ORDER BY earlier;

-- name: note_alarm
-- 操作记录 of something that does not fit, once for each matter.
INSERT INTO operation (actor, role, act, activity, remark)
SELECT 'system', 'system', %(act)s, %(activity)s, %(remark)s
WHERE NOT EXISTS (SELECT FROM operation o WHERE o.activity = %(activity)s AND o.act = %(act)s AND o.remark = %(remark)s);

-- name: about_how_many
-- How many experts there are, from the planner's statistics, at least as they were at the last ANALYZE.
SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'expert'::regclass;

-- name: drop_other_matters
-- Who is to be called about something else of this kind is not called about what was before.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE flow = %(flow)s AND activity = %(activity)s AND pick = ANY(%(picks)s::bigint[]) AND state = 'waiting'
AND matter <> %(matter)s::jsonb;

-- name: drop_other_kinds
-- Who is let go is called about nothing else of the activity.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE activity = %(activity)s AND pick = ANY(%(picks)s::bigint[]) AND state = 'waiting' AND flow <> ALL(%(ends)s::text[]);

-- name: drop_kinds
-- Waiting calls of these kinds, whose matter is settled.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE activity = %(activity)s AND flow = ANY(%(kinds)s::text[]) AND state = 'waiting';

-- name: ask_calls
-- A call about one matter to each of these picks, but where one of the kind is open; attempts count on over all rounds.
INSERT INTO call (id, flow, activity, pick, expert, attempt, not_before, matter)
SELECT k.id, %(flow)s, p.activity, p.id, p.expert,
       1 + (SELECT count(*) FROM call c WHERE c.pick = p.id AND c.flow = %(flow)s),
       coalesce(%(not_before)s, clock_timestamp()), %(matter)s::jsonb
FROM unnest(%(ids)s::text[], %(picks)s::bigint[]) AS k (id, pick)
     JOIN pick p ON p.id = k.pick AND p.activity = %(activity)s
ON CONFLICT (pick, flow) WHERE state <> 'ended' DO NOTHING
RETURNING pick;

-- name: round_outcomes
-- What those of these picks came to who were called about this matter already.
SELECT c.pick, array_agg(c.outcome::text) AS outcomes FROM call c
WHERE c.activity = %(activity)s AND c.flow = %(flow)s AND c.pick = ANY(%(picks)s::bigint[]) AND c.matter = %(matter)s::jsonb
AND c.state = 'ended' AND c.dialled_at IS NOT NULL GROUP BY c.pick;

-- name: round_so_far
-- What the calls of one round came to, those that were dialled; by which rules and until when it goes on, and whether the
-- expert has been let go since.
SELECT c.flow, c.activity, c.pick, c.matter, a.rules, n.gather_at, clock_timestamp() AS now,
       c.flow <> ALL(%(ends)s::text[]) AND EXISTS (
         SELECT FROM call e WHERE e.pick = c.pick AND e.flow = ANY(%(ends)s::text[])) AS over,
       ARRAY(SELECT o.outcome::text FROM call o WHERE o.pick = c.pick AND o.flow = c.flow AND o.matter = c.matter
             AND o.state = 'ended' AND o.dialled_at IS NOT NULL ORDER BY o.attempt) AS outcomes
FROM call c JOIN activity a ON a.id = c.activity JOIN pick p ON p.id = c.pick
     JOIN condition k ON k.activity = p.activity AND k.id = p.condition
     JOIN notice n ON n.activity = k.activity AND n.id = k.notice
WHERE c.id = %(call)s;

-- name: last_notices
-- What the calls of a kind came to, by pick: those with the matter of the last one, how many were dialled, whether one is open.
SELECT c.pick, bool_or(c.state <> 'ended') AS open, count(c.dialled_at) AS calls,
       coalesce(array_agg(c.outcome::text ORDER BY c.attempt) FILTER (WHERE c.outcome IS NOT NULL), '{}') AS outcomes
FROM call c JOIN LATERAL (
  SELECT l.matter FROM call l WHERE l.pick = c.pick AND l.flow = c.flow ORDER BY l.attempt DESC LIMIT 1) last
  ON last.matter = c.matter
WHERE c.activity = %(activity)s AND c.flow = %(flow)s AND c.pick IS NOT NULL GROUP BY c.pick;

-- name: gatherings
-- Gatherings within two days of activities whose experts are to come.
SELECT a.id AS activity, a.rules, n.id AS notice, n.gather_at, clock_timestamp() AS now
FROM activity a JOIN notice n ON n.activity = a.id
WHERE a.state IN ('drawing', 'paused', 'short', 'completed')
AND n.gather_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '2 days' ORDER BY a.id, n.id;

-- name: to_remind
-- Who had agreed before the moment, was not asked to be reminded since then, and is not let go.
SELECT p.id FROM pick p JOIN condition k ON k.activity = p.activity AND k.id = p.condition
WHERE p.activity = %(activity)s AND k.notice = %(notice)s AND p.outcome = 'accepted' AND p.decided_at < %(since)s
AND NOT EXISTS (SELECT FROM call c WHERE c.pick = p.id AND (c.flow = 'reminder' AND c.matter = %(matter)s::jsonb
                OR c.flow = ANY(%(ends)s::text[]))) ORDER BY p.id;

-- name: agreed
-- Who holds a seat, of one notice or of all.
SELECT p.id FROM pick p JOIN condition k ON k.activity = p.activity AND k.id = p.condition
WHERE p.activity = %(activity)s AND p.outcome = 'accepted' AND k.notice = coalesce(%(notice)s, k.notice) ORDER BY p.id;

-- name: drop_waiting
-- A pick is settled without a call: an invitation of it that waits, as a retry or as a call back, is none any more.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
WHERE pick = %(pick)s AND flow IN ('invitation', 'call_back_invitation') AND state = 'waiting';

-- name: may_leave
-- Whether a pick still holds its seat and it is still time to ask for leave (请假).
SELECT true FROM pick p JOIN condition k ON k.activity = p.activity AND k.id = p.condition
       JOIN notice n ON n.activity = k.activity AND n.id = k.notice
WHERE p.id = %(pick)s AND p.outcome = 'accepted' AND clock_timestamp() < n.gather_at - %(lead)s * interval '1 second';

-- name: pick_stands
-- Whether a pick still holds its seat.
SELECT true FROM pick WHERE id = %(pick)s AND outcome = 'accepted';

-- name: lock_numbers
-- 活动编号 are given one at a time.
SELECT pg_advisory_xact_lock(7236012);

-- name: last_number
-- Today in China, and the last number given today: the last in the index of days and numbers.
SELECT t.today, right(n.last, 4)::int AS last
FROM (SELECT to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD') AS today OFFSET 0) t CROSS JOIN LATERAL (
  SELECT max(substr(a.id, 5)) AS last FROM activity a
  WHERE substr(a.id, 5) BETWEEN t.today || '0000' AND t.today || '9999') n;

-- name: insert_activity
-- A new activity.
INSERT INTO activity (id, name, kind, state, seats, district, bid_opening, evaluation_start, evaluation_end, rules, key_enc)
VALUES (%(id)s, %(name)s, %(kind)s::activity_kind, %(state)s::activity_state, %(seats)s, %(district)s, %(bid_opening)s,
        %(evaluation_start)s, %(evaluation_end)s, %(rules)s, %(key_enc)s);

-- name: insert_lot
-- A 标段, if it is not known yet.
INSERT INTO lot (id, project, name, project_keys, code_key)
VALUES (%(id)s, %(project)s, %(name)s, %(project_keys)s::text[], %(code_key)s) ON CONFLICT DO NOTHING;

-- name: insert_activity_lot
-- An activity draws for a 标段.
INSERT INTO activity_lot (activity, lot) VALUES (%(activity)s, %(lot)s);

-- name: insert_notice
-- 语音通知.
INSERT INTO notice (activity, id, venue, district, address, room, gather_at, contact, contact_phone, note)
VALUES (%(activity)s, %(id)s, %(venue)s, %(district)s, %(address)s, %(room)s, %(gather_at)s, %(contact)s,
        %(contact_phone)s, %(note)s);

-- name: insert_condition
-- 抽取条件.
INSERT INTO condition (activity, id, position, notice, mode, regions, main, backup, titles, qualifications, authorities, seats)
VALUES (%(activity)s, %(id)s, %(position)s, %(notice)s, %(mode)s::region_mode, %(regions)s::text[], %(main)s::text[],
        %(backup)s::text[], %(titles)s::text[], %(qualifications)s::text[], %(authorities)s::text[], %(seats)s);

-- name: insert_avoided_unit
-- 回避单位.
INSERT INTO avoidance (activity, unit, reason, fixed) VALUES (%(activity)s, %(unit)s, %(reason)s, %(fixed)s);

-- name: next_avoided_person
-- The id of a 回避人员 whose name is still to be sealed: it is sealed for its row.
SELECT nextval(pg_get_serial_sequence('avoidance', 'id'));

-- name: insert_avoided_person
-- 回避人员.
INSERT INTO avoidance (id, activity, name_enc, name_hash, id_card_hash, reason) OVERRIDING SYSTEM VALUE
VALUES (%(id)s, %(activity)s, %(name_enc)s, %(name_hash)s, %(id_card_hash)s, %(reason)s);

-- name: board
-- An activity as its board shows it.
SELECT a.name, a.state::text AS state, a.rules, a.seats AS planned, a.started_at,
       result_opens_at(a.id, %(lead)s) AS opens_at,
       d.commit_hash, d.witnessed_at IS NOT NULL AS witnessed, d.sealed_at IS NOT NULL AS sealed,
       (SELECT count(*) FROM call c WHERE c.activity = a.id AND c.flow = 'witness' AND c.dialled_at IS NOT NULL) AS witness_calls,
       w.stage::text AS witness_stage, clock_timestamp() AS now
FROM activity a LEFT JOIN LATERAL (
  SELECT * FROM draw WHERE draw.activity = a.id ORDER BY no DESC LIMIT 1) d ON true
LEFT JOIN LATERAL (
  SELECT s.stage FROM call c JOIN call_progress s ON s.call = c.id AND s.epoch = c.epoch
  WHERE c.activity = a.id AND c.flow = 'witness' AND c.state = 'live' LIMIT 1) w ON true
WHERE a.id = %(activity)s;

-- name: board_calls
-- What the invitations of these picks came to, each with its whole course.
SELECT c.pick, c.outcome::text AS outcome, coalesce(c.trail, '{}') AS trail
FROM call c
WHERE c.pick = ANY(%(picks)s) AND c.flow = 'invitation' AND c.state = 'ended' AND c.dialled_at IS NOT NULL
ORDER BY c.pick, c.attempt;

-- name: board_rows
-- Every pick with its last call (a call back about it only while that is live): what it came to, or while it waits what the one
-- before came to; where a live one stands; and of an unreached pick what all its calls came to.
SELECT p.id AS pick, p.condition, p.seat, p.outcome::text AS outcome,
       (SELECT count(*) FROM call c WHERE c.pick = p.id AND c.flow = 'invitation' AND c.dialled_at IS NOT NULL) AS calls,
       l.state::text AS call_state, l.outcome::text AS call_outcome,
       CASE WHEN l.state = 'waiting' THEN extract(epoch FROM l.not_before - clock_timestamp())::float8 END AS due_in,
       s.stage::text AS stage, s.since,
       CASE WHEN p.outcome = 'unreached' THEN ARRAY(
         SELECT c.outcome::text FROM call c WHERE c.pick = p.id AND c.flow = 'invitation' AND c.state = 'ended') END AS came_to
FROM pick p LEFT JOIN LATERAL (
  SELECT c.id, c.epoch, c.state, c.not_before, CASE WHEN c.state <> 'waiting' THEN c.outcome ELSE (
           SELECT b.outcome FROM call b WHERE b.pick = p.id AND b.flow = 'invitation' AND b.attempt = c.attempt - 1) END AS outcome
  FROM call c WHERE c.pick = p.id AND (c.flow = 'invitation' OR c.flow = 'call_back_invitation' AND c.state = 'live')
  ORDER BY c.state = 'live' DESC, c.attempt DESC LIMIT 1) l ON true
LEFT JOIN call_progress s ON s.call = l.id AND s.epoch = l.epoch AND l.state = 'live'
WHERE p.activity = %(activity)s ORDER BY p.id;

-- name: masked_pick
-- Whom staff wants to talk with, and by which rules.
SELECT p.outcome::text AS outcome, a.rules FROM pick p JOIN activity a ON a.id = p.activity
WHERE p.id = %(pick)s AND p.activity = %(activity)s;

-- name: ask_masked
-- A masked call, unless one with this expert is open already.
INSERT INTO call (id, flow, activity, pick, expert, attempt, staff_phone_enc, staff_phone_hash, matter)
SELECT %(id)s, 'masked', p.activity, p.id, p.expert,
       1 + (SELECT count(*) FROM call c WHERE c.pick = p.id AND c.flow = 'masked'), %(staff)s, %(staff_hash)s,
       jsonb_build_object('record', %(record)s::boolean, 'asked', extract(epoch FROM clock_timestamp())::bigint)
FROM pick p WHERE p.id = %(pick)s
ON CONFLICT (pick, flow) WHERE state <> 'ended' DO NOTHING;

-- name: masked_calls
-- 拨打记录: the masked calls with one expert, whether the expert was rung, and for how many seconds the two talked.
SELECT id, state::text AS state, outcome::text AS outcome,
       to_timestamp((matter ->> 'asked')::bigint) AS at,
       trail ->> 'recording' IS NOT NULL OR EXISTS (SELECT FROM recording r WHERE r.call = call.id) AS recorded,
       coalesce(jsonb_typeof(trail -> 'expert') = 'object', false) AS rung,
       trail -> 'staff' ->> 'dialled' IS NOT NULL AS dialled,
       extract(epoch FROM (trail ->> 'parted')::timestamptz - (trail ->> 'joined')::timestamptz)::float8 AS talked
FROM call WHERE activity = %(activity)s AND pick = %(pick)s AND flow = 'masked' ORDER BY attempt DESC;

-- name: calls_ended
-- Which of these ids are calls of ours, and whether each has ended.
SELECT id, state = 'ended' AS ended FROM call WHERE id = ANY(%(calls)s::text[]);

-- name: keep_recording
-- The recording of a call that has ended, unless one is kept; its hash goes into 操作记录 with it.
WITH kept AS (
  INSERT INTO recording (call, made_at, seconds, sha256, data_enc)
  SELECT id, coalesce((trail ->> 'joined')::timestamptz, ended_at), %(seconds)s, %(sha256)s, %(data_enc)s
  FROM call WHERE id = %(call)s AND state = 'ended'
  ON CONFLICT (call) DO NOTHING RETURNING call, sha256)
INSERT INTO operation (actor, role, act, activity, remark)
SELECT 'system', 'system', %(act)s, c.activity, k.call || ' ' || k.sha256 FROM kept k JOIN call c ON c.id = k.call;

-- name: recording_hash
-- Of what is kept of a call, or was.
SELECT sha256 FROM recording WHERE call = %(call)s;

-- name: recordings
-- An activity's recordings without their sound, the last one first; N of 第 N 位专家 as the board counts; whether the draw of the
-- expert is open.
SELECT r.call, r.made_at, r.seconds, r.sha256, r.erased_at,
       EXISTS (SELECT FROM pick p JOIN draw d ON d.activity = p.activity AND d.no = p.draw
               WHERE p.id = c.pick AND d.unsealed_at IS NOT NULL) AS opened,
       (SELECT count(*) FROM pick o WHERE o.activity = c.activity AND o.id <= c.pick)::int AS n
FROM recording r JOIN call c ON c.id = r.call
WHERE c.activity = %(activity)s ORDER BY r.made_at DESC, r.call;

-- name: recording
-- One of them, sealed; nothing when it was erased.
SELECT r.data_enc FROM recording r JOIN call c ON c.id = r.call WHERE r.call = %(call)s AND c.activity = %(activity)s;

-- name: erase_recordings
-- Those of activities under these rules that are older than the rules let them be; the hash stays, and 操作记录 says so.
WITH erased AS (
  UPDATE recording r SET data_enc = NULL, erased_at = clock_timestamp()
  FROM call c JOIN activity a ON a.id = c.activity
  WHERE r.call = c.id AND a.rules = %(rules)s AND r.data_enc IS NOT NULL
    AND r.made_at < clock_timestamp() - %(days)s * interval '1 day'
  RETURNING r.call, r.sha256, c.activity),
told AS (
  INSERT INTO operation (actor, role, act, activity, remark)
  SELECT 'system', 'system', %(act)s, activity, call || ' ' || sha256 FROM erased)
SELECT call FROM erased ORDER BY call;
