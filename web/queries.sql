-- Every statement of the console's base, each with a name and one sentence.

-- name: under_way
-- Activities in which experts are being drawn, the oldest first, as the manual counts them (D1).
SELECT a.id, a.state::text AS state, a.seats AS planned, a.started_at,
       (SELECT count(*) FROM pick p WHERE p.activity = a.id AND p.outcome = 'accepted') AS agreed,
       (SELECT count(DISTINCT c.pick) FROM call c
        WHERE c.activity = a.id AND c.flow = 'invitation' AND c.dialled_at IS NOT NULL) AS called,
       (SELECT count(*) FROM call c WHERE c.activity = a.id AND c.state = 'live') AS live
FROM activity a WHERE a.state IN ('drawing', 'paused') ORDER BY a.started_at, a.id;

-- name: nodes
-- Every Asterisk node, for how many seconds its lease still holds by the database's clock (null if it was never held), whether its
-- worker is gone without letting it go, since when that hears nothing of Asterisk, and since when and why it dials nothing.
SELECT name, holder IS NOT NULL AND lease_until > clock_timestamp() AS held,
       holder IS NOT NULL AND lease_until <= clock_timestamp() AS lost,
       extract(epoch FROM clock_timestamp() - asterisk_away_at)::float8 AS asterisk_away_s,
       CASE WHEN isfinite(lease_until) THEN extract(epoch FROM lease_until - clock_timestamp())::float8 END AS lease_left_s,
       dialling_stopped_why, extract(epoch FROM clock_timestamp() - dialling_stopped_at)::float8 AS dialling_stopped_s
FROM node ORDER BY name;

-- name: last_audit
-- The last audit that came to its end; whether it is too long ago: since it, or, if there was none yet, since the first row of the
-- operation log.
SELECT r.ended_at, r.activities, r.entries, r.leaves, r.operations, r.findings, r.shown,
       coalesce(coalesce(r.ended_at, (SELECT o.at FROM operation_chain c JOIN operation o ON o.id = c.operation WHERE c.seq = 0))
         < clock_timestamp() - %(hours)s * interval '1 hour', false) AS overdue
FROM (SELECT) one LEFT JOIN LATERAL (SELECT * FROM audit_run ORDER BY id DESC LIMIT 1) r ON true;

-- name: calls_live
-- How many lines are open now, of all activities.
SELECT count(*) FROM call WHERE state = 'live';

-- name: trunk_failures
-- Calls within ten minutes that no trunk brought anywhere. The statement's time, so that an index can be asked.
SELECT count(*) FROM call WHERE outcome = 'trunk_failure' AND dialled_at > statement_timestamp() - interval '10 minutes';

-- name: calls_failing
-- Calls that wait after five failures of the line or of ours in a row (drawing.advance.ALARM): a person should look.
SELECT count(*) FROM call w
WHERE w.state = 'waiting' AND (
  SELECT count(*) = 5 AND bool_and(l.outcome IN ('trunk_failure', 'no_media', 'line_dropped', 'interrupted')) FROM (
    SELECT c.outcome FROM call c
    WHERE c.activity = w.activity AND c.flow = w.flow AND c.state = 'ended' AND c.dialled_at IS NOT NULL
      AND c.pick IS NOT DISTINCT FROM w.pick AND c.witness IS NOT DISTINCT FROM w.witness
    ORDER BY c.attempt DESC LIMIT 5) l);

-- name: trunks
-- Every trunk of every node: whether a worker holds the node and dials, what that last saw of the trunk, its live calls, and when a
-- call over it ended last (one look into an index for each thing a call may show).
SELECT t.node, t.name, t.online, t.seen_at, n.holder IS NOT NULL AND n.lease_until > clock_timestamp() AS held,
       n.dialling_stopped_at AS stopped_at,
       (SELECT count(*) FROM call c WHERE c.node = t.node AND c.state = 'live' AND c.trunk = t.name)::int AS live,
       (SELECT max(l.at) FROM unnest(enum_range(NULL::trunk_result)) AS r (result) CROSS JOIN LATERAL (
          SELECT max(c.ended_at) AS at FROM call c WHERE c.node = t.node AND c.trunk = t.name AND c.trunk_result = r.result) l) AS last
FROM trunk t JOIN node n ON n.name = t.node ORDER BY t.node, t.position;

-- name: trunk_outcomes
-- What the calls dialled within an hour came to, by trunk. The statement's time, so that an index can be asked.
SELECT c.node, c.trunk, c.outcome::text AS outcome, count(*)::int AS calls FROM call c
WHERE c.dialled_at > statement_timestamp() - interval '1 hour' AND c.state = 'ended' AND c.trunk IS NOT NULL
GROUP BY c.node, c.trunk, c.outcome ORDER BY calls DESC, outcome;

-- name: trunk_alarms
-- The alarms that are raised, and those lifted within a day, the newest first.
SELECT node, trunk, alarm::text AS alarm, calls, raised_at, lifted_at FROM trunk_alarm
WHERE lifted_at IS NULL OR lifted_at > statement_timestamp() - interval '1 day' ORDER BY lifted_at DESC NULLS FIRST, id DESC LIMIT 200;

-- name: alarms_raised
-- How many alarms of trunks are raised.
SELECT count(*) FROM trunk_alarm WHERE lifted_at IS NULL;

-- name: trunk_health
-- Every trunk with its raised alarms; null: not known whether it is there.
SELECT t.node, t.name, t.online,
       ARRAY(SELECT a.alarm::text FROM trunk_alarm a WHERE a.node = t.node AND a.trunk = t.name AND a.lifted_at IS NULL
             ORDER BY a.alarm) AS alarms
FROM trunk t ORDER BY t.node, t.position;

-- name: trunk_mended
-- The administrator had a trunk mended: calls before count for no alarm.
UPDATE trunk SET mended_at = clock_timestamp() WHERE node = %(node)s AND name = %(trunk)s RETURNING name;

-- name: lift_alarms_of_trunk
-- With that its alarms are lifted.
UPDATE trunk_alarm SET lifted_at = greatest(raised_at, clock_timestamp()) WHERE node = %(node)s AND trunk = %(trunk)s AND lifted_at IS NULL;

-- name: names_refused
-- Activities of which, within a week, somebody was not named or not rung because a row did not fit the transcript, or whose pool could
-- not be fixed (drawing.person.ALARM): a person must look.
SELECT count(DISTINCT activity) FROM operation
WHERE act = '名单核对不符' AND at > clock_timestamp() - interval '7 days';

-- name: clock_steps
-- Which clocks were set within a day, by how much, and whose worker noticed it; the newest first.
SELECT at, clock, node, step_s FROM clock_step WHERE at > clock_timestamp() - interval '1 day' ORDER BY id DESC LIMIT 20;

-- name: write_probe
-- Nothing but a write, to see whether the database takes one.
UPDATE write_probe SET at = clock_timestamp();

-- name: open_session
-- A new login.
INSERT INTO session (token_hash, provider, identity, csrf, expires_at)
VALUES (%(token)s, %(provider)s, %(identity)s, %(csrf)s, clock_timestamp() + %(absolute)s * interval '1 second');

-- name: find_session
-- A session that has not expired, marked as seen; written at most once a minute, because each page asks.
WITH found AS (
SELECT * FROM session WHERE token_hash = %(token)s AND expires_at > clock_timestamp()
AND seen_at > clock_timestamp() - %(idle)s * interval '1 second'),
touched AS (
UPDATE session s SET seen_at = clock_timestamp() FROM found f
WHERE s.token_hash = f.token_hash AND f.seen_at < clock_timestamp() - interval '1 minute')
SELECT provider, identity, csrf, flash::text AS flash FROM found;

-- name: sessions_that_stand
-- Which of these sessions have not expired, without marking them as seen.
SELECT token_hash FROM session WHERE token_hash = ANY(%(tokens)s::bytea[]) AND expires_at > clock_timestamp()
AND seen_at > clock_timestamp() - %(idle)s * interval '1 second';

-- name: close_session
-- Log out.
DELETE FROM session WHERE token_hash = %(token)s;

-- name: drop_expired_sessions
-- Nobody can use them any more.
DELETE FROM session WHERE expires_at <= clock_timestamp() OR seen_at <= clock_timestamp() - %(idle)s * interval '1 second';

-- name: press
-- A form is sent: true for the first press; waits while another press of the same form is being carried out.
INSERT INTO form_press (key, content) VALUES (%(key)s, %(content)s) ON CONFLICT (key) DO NOTHING RETURNING true;

-- name: pressed
-- What the first press sent, and where it led.
SELECT content, answer FROM form_press WHERE key = %(key)s;

-- name: answer_press
-- The first press is answered.
UPDATE form_press SET answer = %(answer)s WHERE key = %(key)s;

-- name: drop_old_presses
-- Nobody presses a button of a page that is a day old twice.
DELETE FROM form_press WHERE pressed_at < clock_timestamp() - interval '1 day';

-- name: add_flash
-- One more message for the next page.
UPDATE session SET flash = flash || %(added)s::jsonb WHERE token_hash = %(token)s;

-- name: drop_flash
-- The first messages have been shown.
UPDATE session SET flash = coalesce((SELECT jsonb_agg(m ORDER BY n) FROM jsonb_array_elements(flash) WITH ORDINALITY e(m, n)
WHERE n > %(shown)s), '[]') WHERE token_hash = %(token)s;

-- name: own_activity
-- Who handles a new activity.
INSERT INTO activity_owner (activity, company, company_name, handler, handler_name)
VALUES (%(activity)s, %(company)s, %(company_name)s, %(handler)s, %(handler_name)s);

-- name: seen_activity
-- An activity, if it is in this scope.
SELECT a.id, a.name, a.state::text AS state, a.terminal, o.handler, o.handler_name, o.company_name
FROM activity a LEFT JOIN activity_owner o ON o.activity = a.id
WHERE a.id = %(activity)s
AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
AND (%(witness)s::text IS NULL OR witnesses(%(witness)s, a.id));

-- name: lock_activity
-- As seen_activity, with the activity locked until the transaction ends.
SELECT a.id, a.name, a.state::text AS state, a.terminal, o.handler, o.handler_name, o.company_name
FROM activity a LEFT JOIN activity_owner o ON o.activity = a.id
WHERE a.id = %(activity)s
AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
AND (%(witness)s::text IS NULL OR witnesses(%(witness)s, a.id))
FOR UPDATE OF a;

-- name: set_activity_state
-- The state after an act.
UPDATE activity SET state = %(state)s::activity_state WHERE id = %(activity)s;

-- name: record
-- 操作记录.
INSERT INTO operation (actor, role, act, activity, remark)
VALUES (%(actor)s, %(role)s, %(act)s, %(activity)s, %(remark)s);

-- name: today
-- H1: 今日活动 (entered today), 正在抽取, 今日完成, in this scope (a reviewer's: of their terminal); a day begins at 00:00 in China. Each
-- number from its own index; whose an activity is comes by key (OFFSET 0), never from all that a company has.
SELECT (SELECT count(*) FROM activity a LEFT JOIN LATERAL (SELECT company, handler FROM activity_owner WHERE activity = a.id OFFSET 0) o ON true
WHERE a.created_at >= %(midnight)s AND (%(terminal)s::text IS NULL OR a.terminal = %(terminal)s)
AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
AND (%(witness)s::text IS NULL OR witnesses(%(witness)s, a.id))) AS entered,
(SELECT count(*) FROM activity a LEFT JOIN LATERAL (SELECT company, handler FROM activity_owner WHERE activity = a.id OFFSET 0) o ON true
WHERE a.state IN ('drawing', 'paused') AND (%(terminal)s::text IS NULL OR a.terminal = %(terminal)s)
AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
AND (%(witness)s::text IS NULL OR witnesses(%(witness)s, a.id))) AS drawing,
(SELECT count(*) FROM (SELECT DISTINCT t.activity FROM transcript t WHERE t.type = 'complete' AND t.at >= %(day)s) done
JOIN activity a ON a.id = done.activity LEFT JOIN LATERAL (SELECT company, handler FROM activity_owner WHERE activity = a.id OFFSET 0) o ON true
WHERE (%(terminal)s::text IS NULL OR a.terminal = %(terminal)s)
AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
AND (%(witness)s::text IS NULL OR witnesses(%(witness)s, a.id))) AS completed;

-- name: pending
-- 待办事项: how many activities of this scope (a reviewer's: of their terminal) are in each state that somebody must do something about.
SELECT a.state::text AS state, count(*) AS number
FROM activity a LEFT JOIN LATERAL (SELECT company, handler FROM activity_owner WHERE activity = a.id OFFSET 0) o ON true
WHERE a.state = ANY(%(states)s::activity_state[]) AND (%(terminal)s::text IS NULL OR a.terminal = %(terminal)s)
AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
AND (%(witness)s::text IS NULL OR witnesses(%(witness)s, a.id))
GROUP BY a.state ORDER BY a.state;

-- name: rejected
-- A clerk's rejected activities with why, the latest decision first.
SELECT a.id, a.name, r.remark FROM activity_owner o JOIN activity a ON a.id = o.activity
CROSS JOIN LATERAL (SELECT decided_at, remark FROM review WHERE activity = a.id AND passed = false ORDER BY id DESC LIMIT 1) r
WHERE a.state = 'rejected' AND o.company = %(company)s AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
ORDER BY r.decided_at DESC LIMIT %(limit)s;

-- name: count_operations
-- How many lines 操作记录 has: its chain numbers them from 0, without a gap.
SELECT coalesce(max(seq) + 1, 0) FROM operation_chain;

-- name: operations
-- A page of 操作记录, the newest first, found by its place in the chain.
SELECT o.id, o.at, o.actor, o.role, o.act, o.activity, o.remark
FROM operation_chain c JOIN operation o ON o.id = c.operation
WHERE c.seq <= (SELECT max(seq) FROM operation_chain) - %(offset)s ORDER BY c.seq DESC LIMIT %(limit)s;

-- name: count_operations_of_activity
-- How many are about this activity.
SELECT count(*) FROM operation WHERE activity = %(activity)s;

-- name: operations_of_activity
-- A page of them, the newest first.
SELECT id, at, actor, role, act, activity, remark FROM operation
WHERE activity = %(activity)s ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: actors_like
-- Whose name or account contains this, in whatever width and case: each actor is read once, by the index, not each of their lines.
WITH RECURSIVE actor (name) AS (
  (SELECT actor FROM operation ORDER BY actor LIMIT 1)
  UNION ALL SELECT (SELECT actor FROM operation WHERE actor > a.name ORDER BY actor LIMIT 1) FROM actor a WHERE a.name IS NOT NULL)
SELECT name FROM actor WHERE strpos(search_form(name), %(words)s) > 0;

-- name: count_operations_by
-- How many lines are these actors', counted up to a limit.
SELECT count(*) FROM (SELECT FROM operation WHERE actor = ANY(%(actors)s::text[]) LIMIT %(most)s) AS line;

-- name: operations_by
-- A page of them, the newest first.
SELECT id, at, actor, role, act, activity, remark FROM operation
WHERE actor = ANY(%(actors)s::text[]) ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: operation
-- One line of 操作记录, with its place in the chain.
SELECT o.id, o.at, o.actor, o.role, o.act, o.activity, o.remark, o.db_role, c.seq, encode(c.hash, 'hex') AS hash
FROM operation o LEFT JOIN operation_chain c ON c.operation = o.id WHERE o.id = %(id)s;

-- name: demo_calls
-- The calls of an activity's draws that are open and name somebody, in turn, with whose telephone rang: for script/demo, where
-- the telephones' recordings can be heard.
SELECT c.id, c.dialled_at, c.ended_at, c.outcome::text AS outcome, e.id AS expert, w.no AS witness,
       coalesce(e.phone_enc, w.phone_enc) AS phone_enc,
       (SELECT count(*) FROM pick o WHERE o.activity = p.activity AND o.id <= p.id)::int AS n
FROM call c LEFT JOIN pick p ON p.id = c.pick LEFT JOIN expert e ON e.id = p.expert
     LEFT JOIN witness w ON w.activity = c.activity AND w.id = c.witness AND w.replaced_at IS NULL AND c.pick IS NULL
     JOIN draw d ON d.activity = c.activity AND d.no = coalesce(p.draw, c.draw)
WHERE c.activity = %(activity)s AND c.dialled_at IS NOT NULL AND d.unsealed_at IS NOT NULL AND NOT d.names_nobody
  AND (p.id IS NOT NULL OR w.no IS NOT NULL)
ORDER BY c.dialled_at, c.id;
