-- Every statement of the worker, each with a name and one sentence.

-- name: know_node
-- The node's row exists before anybody asks for its lease.
INSERT INTO node (name) VALUES (%(node)s) ON CONFLICT DO NOTHING;

-- name: lease
-- Who holds a node, and since when: by the monotonic clock of the holder's machine at the last renewal, and for how long from there.
SELECT epoch, holder IS NULL OR NOT isfinite(lease_until) AS free, clock, lease_s FROM node WHERE name = %(node)s;

-- name: take_lease
-- Take over a lease that was seen to have run out, if nobody has renewed or taken it since: the epoch rises and fences whoever held it.
UPDATE node SET holder = %(holder)s, epoch = epoch + 1, clock = %(clock)s, lease_s = %(lease)s, comparable = true,
       lease_until = clock_timestamp() + %(lease)s * interval '1 second'
WHERE name = %(node)s AND epoch = %(seen_epoch)s AND clock = %(seen_clock)s
RETURNING epoch;

-- name: adopt
-- With the lease go the calls that the holder before left live: from now on none of its writes counts.
UPDATE call SET epoch = %(epoch)s WHERE node = %(node)s AND state = 'live';

-- name: renew_lease
-- Stay the holder, late as it may be; 0 rows when somebody else has taken over.
UPDATE node SET lease_until = clock_timestamp() + %(lease)s * interval '1 second', clock = %(clock)s, lease_s = %(lease)s,
       comparable = true
WHERE name = %(node)s AND holder = %(holder)s AND epoch = %(epoch)s
RETURNING epoch;

-- name: release_lease
-- Let the next one in at once.
UPDATE node SET lease_until = clock_timestamp(), holder = NULL, clock = %(clock)s, lease_s = 0, comparable = true
WHERE name = %(node)s AND holder = %(holder)s AND epoch = %(epoch)s;

-- name: nodes_left
-- Other nodes with calls that have no end, live ones or from outside, and their last renewal.
SELECT name, epoch, clock, lease_s FROM node n
WHERE name <> %(node)s AND (EXISTS (SELECT FROM call c WHERE c.node = n.name AND c.state = 'live')
   OR EXISTS (SELECT FROM inbound i WHERE i.node = n.name AND i.ended_at IS NULL))
ORDER BY name;

-- name: fence_node
-- The epoch of a node that is lost rises, if nobody has renewed or taken it since it was looked at: whoever held it, should they come
-- back, writes nothing more. It is nobody's the more for it: its holder still says that it was lost, not let go.
UPDATE node SET epoch = epoch + 1 WHERE name = %(node)s AND epoch = %(seen_epoch)s AND clock = %(seen_clock)s RETURNING epoch;

-- name: note_dialling_stopped
-- Why this node dials nothing, since when; null: it does.
UPDATE node SET dialling_stopped_why = %(why)s,
       dialling_stopped_at = CASE WHEN %(why)s IS NOT NULL THEN coalesce(dialling_stopped_at, clock_timestamp()) END
WHERE name = %(node)s AND epoch = %(epoch)s AND dialling_stopped_why IS DISTINCT FROM %(why)s;

-- name: note_natural_voice
-- Which natural voice this worker speaks with; empty: none.
UPDATE node SET natural_voice = %(voice)s
WHERE name = %(node)s AND epoch = %(epoch)s AND natural_voice IS DISTINCT FROM %(voice)s;

-- name: sounds_to_make
-- Activities whose notices say something that is not made on this node, with what they say as a hash: those that may start first,
-- then by when they begin. What could not be said naturally is tried again after a while.
WITH said AS MATERIALIZED (
  SELECT w.activity AS id, w.state, w.evaluation_start, said_by(%(voice)s, w.words) AS says FROM notice_words w
  WHERE w.state IN ('submitted', 'ready', 'paused') AND w.deleted_at IS NULL AND w.evaluation_start > clock_timestamp())
SELECT s.id, s.says, v.state IS NULL AS is_new
FROM said s LEFT JOIN notice_sounds v ON v.node = %(node)s AND v.activity = s.id AND v.says = s.says
WHERE v.state IS NULL OR v.state = 'making'
   OR v.state = 'plain' AND v.made_at < clock_timestamp() - %(again)s * interval '1 second'
ORDER BY s.state = 'submitted', s.evaluation_start, s.id LIMIT 200;

-- name: want_sounds
-- They are to be made; from now on it counts how long that takes.
INSERT INTO notice_sounds (node, activity, says, asked_ahead)
SELECT n.name, w.activity, w.says, k.ahead
FROM unnest(%(activities)s::text[], %(says)s::text[]) AS w (activity, says) CROSS JOIN clock k
     JOIN node n ON n.name = %(node)s AND n.epoch = %(epoch)s
ON CONFLICT (node, activity) DO UPDATE SET says = excluded.says, state = 'making', asked_at = clock_timestamp(),
  asked_ahead = excluded.asked_ahead, made_at = NULL;

-- name: notices_said
-- What an activity's notices say.
SELECT n.district, n.gather_at, n.address, n.room, n.contact, n.contact_phone, n.note,
       a.evaluation_end - a.evaluation_start AS duration
FROM notice n JOIN activity a ON a.id = n.activity WHERE n.activity = %(activity)s ORDER BY n.id;

-- name: sounds_made
-- They are made, by which voice; whoever looks at the activity's board is told.
WITH made AS (
  UPDATE notice_sounds SET state = %(state)s::sounds_made, made_at = clock_timestamp()
  WHERE node = %(node)s AND activity = %(activity)s AND says = %(says)s
    AND EXISTS (SELECT FROM node WHERE name = %(node)s AND epoch = %(epoch)s)
  RETURNING activity)
SELECT pg_notify('board', activity) FROM made;

-- name: note_asterisk
-- Since when this worker hears nothing of its Asterisk; null: it does.
UPDATE node SET asterisk_away_at = CASE WHEN %(away)s THEN coalesce(asterisk_away_at, clock_timestamp()) END
WHERE name = %(node)s AND epoch = %(epoch)s;

-- name: due (prepared)
-- Calls whose time has come, the draws in turn so that a small one need not wait for all calls of a large one, each draw's oldest
-- first; of very many those that have waited longest. Calls of kinds that belong to the draw are held while it is paused or
-- ended, or owes a pick, and an invitation while its expert is to be called back about it. The statement's time, so that an index
-- can be asked.
WITH due AS (
  SELECT c.id, c.flow, c.activity, c.attempt, c.pick, c.expert, c.witness, c.supervisor, c.matter,
         coalesce(a.rules, c.matter ->> 'rules') AS rules, c.not_before
  FROM call c LEFT JOIN activity a ON a.id = c.activity
  WHERE c.state = 'waiting' AND c.not_before <= statement_timestamp()
    AND (a.state = 'drawing' AND NOT a.owed OR c.flow <> ALL(%(held)s::text[]))
    AND NOT (c.flow = 'invitation' AND EXISTS (
      SELECT FROM call b WHERE b.pick = c.pick AND b.flow = 'call_back_invitation' AND b.state <> 'ended'))
  ORDER BY c.not_before, c.id LIMIT 500)
SELECT id, flow, activity, attempt, pick, expert, witness, supervisor, matter, rules, clock_timestamp() AS now FROM due
ORDER BY row_number() OVER (PARTITION BY activity ORDER BY not_before, id), not_before, id LIMIT %(limit)s;

-- name: next_due (prepared)
-- When the next waiting call's time comes, in seconds from now.
SELECT extract(epoch FROM min(c.not_before) - clock_timestamp())::float8
FROM call c LEFT JOIN activity a ON a.id = c.activity
WHERE c.state = 'waiting' AND c.not_before > clock_timestamp()
  AND (a.state = 'drawing' OR c.flow <> ALL(%(held)s::text[]));

-- name: invitation (prepared)
-- All that a call to an expert says and needs, but for its matter, with all that the pick must fit (drawing.person).
SELECT p.*, n.district, a.evaluation_start, a.evaluation_end, a.rules,
       n.gather_at, n.venue, n.address, n.room, n.contact, n.contact_phone, n.note
FROM pick_to_person p
     JOIN activity a ON a.id = p.activity
     JOIN condition c ON c.activity = p.activity AND c.id = p.condition
     JOIN notice n ON n.activity = c.activity AND n.id = c.notice
WHERE p.pick = %(pick)s;

-- name: witness_call
-- All that a witness call says and needs: the commit it is about, and whether the witness has its receipt as a 短信 (已送达).
SELECT w.no, w.phone_enc, w.phone_hash, a.rules, t.body, encode(t.hash, 'hex') AS hash,
       EXISTS (SELECT FROM message m WHERE m.kind = 'witness_receipt' AND m.state = 'delivered'
                 AND m.matter = 'witness:' || a.id || ':' || (t.body::jsonb ->> 'draw') || ':' || w.id) AS sent
FROM witness w JOIN activity a ON a.id = w.activity
     JOIN transcript t ON t.activity = a.id AND t.type = 'commit'
WHERE w.activity = %(activity)s AND w.id = %(witness)s AND w.replaced_at IS NULL
ORDER BY t.seq DESC LIMIT 1;

-- name: receipt_awaited
-- Whether a witness's receipt may still become 已送达: so soon after the commit its 短信 is on its way, or about to be put in.
SELECT EXISTS (
  SELECT FROM draw d
  WHERE d.activity = %(activity)s AND d.witnessed_at IS NULL
    AND d.committed_at BETWEEN clock_timestamp() - %(seconds)s * interval '1 second' AND clock_timestamp()
    AND NOT EXISTS (SELECT FROM message m WHERE m.kind = 'witness_receipt'
                      AND m.matter = 'witness:' || d.activity || ':' || d.no || ':' || %(witness)s
                      AND (m.state IN ('delivered', 'failed') OR m.given_up_at IS NOT NULL)));

-- name: number_check
-- All that a call to verify a supervisor's number needs, and that what is dialled is still what it is about.
SELECT s.id, s.phone_enc, s.phone_hash, s.language, encode(s.phone_hash, 'hex') = c.matter ->> 'number' AND s.active AS stands
FROM call c JOIN supervisor s ON s.id = c.supervisor WHERE c.id = %(call)s;

-- name: number_check_now
-- What could stand in the way of such a call: when this number was called about it within a day, and whether it is on the line; its
-- row is kept from changing.
SELECT clock_timestamp() AS now, s.active AND encode(s.phone_hash, 'hex') = c.matter ->> 'number' AS stands,
       ARRAY(SELECT o.dialled_at + (k.ahead - o.dialled_ahead) FROM call o
             WHERE o.supervisor = s.id AND o.dialled_at - o.dialled_ahead > clock_timestamp() - k.ahead - interval '1 day') AS called,
       EXISTS (SELECT FROM live_number l WHERE l.number = ANY(%(numbers)s::bytea[])) AS on_the_line
FROM call c JOIN supervisor s ON s.id = c.supervisor CROSS JOIN clock k WHERE c.id = %(call)s FOR NO KEY UPDATE OF s;

-- name: call_now (prepared)
-- Once the activity's lock is had, what could stand in the way of a call that is due: the activity with the end of its chain, and
-- of its expert, when they were called within a day, as the clock counts it now (what our trunk never brought to them is no call to
-- them), whether they or one of the numbers are on the line, when they are to be there, and the pick that made an appointment elsewhere.
SELECT a.id, a.state::text AS state, a.rules, a.owed, clock_timestamp() AS now,
       t.seq AS head_seq, t.at AS head_at, t.hash AS head_hash, t.type AS head_type, t.clock AS head_clock, calls.called,
       calls.on_the_line OR EXISTS (SELECT FROM live_number l WHERE l.number = ANY(%(numbers)s::bytea[])) AS on_the_line, seat.gather_at,
       (SELECT ap.pick FROM appointment ap
        WHERE ap.expert = %(expert)s AND ap.activity <> a.id AND seat.gather_at IS NOT NULL
          AND ap.during && tstzrange(seat.gather_at - %(travel)s * interval '1 second', a.evaluation_end) LIMIT 1) AS elsewhere
FROM activity a
LEFT JOIN LATERAL (SELECT seq, at, hash, type, clock FROM transcript WHERE activity = a.id ORDER BY seq DESC LIMIT 1) t ON true
LEFT JOIN LATERAL (
  SELECT n.gather_at FROM pick p JOIN condition k ON k.activity = p.activity AND k.id = p.condition
         JOIN notice n ON n.activity = k.activity AND n.id = k.notice WHERE p.id = %(pick)s) seat ON true
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(c.dialled_at + (k.ahead - c.dialled_ahead)) FILTER (WHERE c.outcome IS DISTINCT FROM 'trunk_failure'
           OR coalesce(c.trail ->> 'ringing', c.trail ->> 'early_media') IS NOT NULL), '{}') AS called,
         coalesce(bool_or(c.state = 'live'), false) AS on_the_line
  FROM call c, clock k
  WHERE c.expert = %(expert)s AND c.dialled_at - c.dialled_ahead > clock_timestamp() - k.ahead - interval '1 day') calls
WHERE a.id = %(activity)s;

-- name: calls_before
-- The calls about one matter so far, in turn: over which trunk, and whether anything was heard of the person's telephone.
SELECT c.outcome::text AS outcome, coalesce(c.trunk, '') AS trunk,
       coalesce(c.trail ->> 'ringing', c.trail ->> 'early_media') IS NOT NULL AS rang
FROM call c
WHERE c.activity = %(activity)s AND c.flow = %(flow)s AND c.state = 'ended' AND c.dialled_at IS NOT NULL
  AND c.pick IS NOT DISTINCT FROM %(pick)s AND c.witness IS NOT DISTINCT FROM %(witness)s
ORDER BY c.attempt, c.dialled_at;

-- name: pick_to_person
-- A pick with all that it must fit (drawing.person).
SELECT * FROM pick_to_person WHERE pick = %(pick)s;

-- name: go_live (prepared)
-- A waiting call becomes this worker's while its lease holds, which is kept fast against a take-over until COMMIT; the unique
-- indexes refuse a second live call to one expert, or to one number.
WITH held AS (
  SELECT epoch FROM node
  WHERE name = %(node)s AND holder = %(holder)s AND epoch = %(epoch)s AND lease_until > clock_timestamp() FOR SHARE)
UPDATE call SET state = 'live', node = %(node)s, epoch = held.epoch, dialled_at = clock_timestamp(),
       dialled_ahead = (SELECT ahead FROM clock), trunk = %(trunk)s,
       numbers = %(numbers)s::bytea[]
FROM held WHERE id = %(call)s AND state = 'waiting';

-- name: postpone
-- Not now: another line or a rate stands in the way.
UPDATE call SET not_before = clock_timestamp() + %(seconds)s * interval '1 second', by_wall = false
WHERE id = %(call)s AND state = 'waiting';

-- name: live_calls
-- The calls that are live under this epoch, with whom they are for as evidence names them, and over which trunk.
SELECT c.id, c.activity, c.flow, c.pick, c.attempt, coalesce(c.trunk, '') AS trunk, c.outcome::text AS outcome,
       coalesce(p.pseudonym, c.witness, 'supervisor ' || c.supervisor) AS who
FROM call c LEFT JOIN pick p ON p.id = c.pick
WHERE c.node = %(node)s AND c.state = 'live' AND c.epoch = %(epoch)s ORDER BY c.id;

-- name: calls_today
-- Calls dialled since midnight, for the daily ceiling.
SELECT count(*) FROM call WHERE dialled_at >= date_trunc('day', clock_timestamp() AT TIME ZONE 'Asia/Shanghai')
  AT TIME ZONE 'Asia/Shanghai';

-- name: postpone_until
-- Not now: a rule stands against it until then (a moment later when the rule does not say); by_wall: that is a time of day.
UPDATE call SET not_before = coalesce(%(until)s, clock_timestamp() + interval '1 second'), by_wall = %(by_wall)s
WHERE id = %(call)s AND state = 'waiting';

-- name: masked_call
-- All that a masked call says and needs, with all that the pick must fit: both numbers, N of 第 N 位专家 as the board counts, and the
-- name once the pick's draw is open (never after 强制结束 or 退选, when it is opened for its evidence only).
SELECT p.*, c.id AS call, c.staff_phone_enc, c.staff_phone_hash, a.rules,
       CASE WHEN NOT d.names_nobody THEN d.unsealed_at END AS unsealed_at,
       (SELECT count(*) FROM pick o WHERE o.activity = p.activity AND o.id <= p.pick)::int AS n
FROM call c JOIN pick_to_person p ON p.pick = c.pick JOIN activity a ON a.id = p.activity
     LEFT JOIN draw d ON d.activity = p.activity AND d.no = p.draw
WHERE c.id = %(call)s;

-- name: take_inbound
-- A call from outside has come, and takes its caller's place; how many came from that number within the hour before, forks of them not
-- counted, and the database's clock. No row when another call of that caller holds the place.
INSERT INTO inbound (channel, trunk, caller_hash, place, node, epoch)
VALUES (%(channel)s, %(trunk)s, %(caller)s, %(caller)s, %(node)s, %(epoch)s)
ON CONFLICT (place) WHERE ended_at IS NULL DO NOTHING
RETURNING id, (SELECT count(*) FROM inbound i WHERE i.caller_hash = %(caller)s AND i.why_not IS DISTINCT FROM 'same_caller'
               AND i.arrived_at > clock_timestamp() - interval '1 hour' AND i.arrived_at <= clock_timestamp()) AS recent,
          clock_timestamp() AS now;

-- name: free_place
-- The place of a call that is gone without an end: its node was lost, or is ours by now.
UPDATE inbound SET place = NULL
WHERE place = %(caller)s AND ended_at IS NULL
  AND (arrived_at NOT BETWEEN clock_timestamp() - %(seconds)s * interval '1 second' AND clock_timestamp()
       OR node = %(node)s AND epoch < %(epoch)s);

-- name: take_fork
-- The same caller has come once more while the first call is on the line.
INSERT INTO inbound (channel, trunk, caller_hash, node, epoch)
VALUES (%(channel)s, %(trunk)s, %(caller)s, %(node)s, %(epoch)s) RETURNING id;

-- name: want_call_back
-- Whoever calls asks to be called back; the same statement for everybody, known or not. Saying it twice changes nothing.
UPDATE inbound SET wanted_at = coalesce(wanted_at, clock_timestamp())
WHERE id = %(id)s AND epoch = %(epoch)s AND ended_at IS NULL;

-- name: end_inbound
-- The line is free again, or was not taken at all.
UPDATE inbound SET ended_at = clock_timestamp(), ended_ahead = (SELECT ahead FROM clock), outcome = %(outcome)s::call_outcome,
       trail = %(trail)s, why_not = %(why_not)s
WHERE id = %(id)s AND epoch = %(epoch)s AND ended_at IS NULL
RETURNING caller_hash AS caller, wanted_at IS NOT NULL AS wanted;

-- name: adopt_inbound
-- Calls from outside that the holder before left without an end: they are gone.
UPDATE inbound SET epoch = %(epoch)s WHERE node = %(node)s AND ended_at IS NULL AND epoch < %(epoch)s RETURNING id;

-- name: caller
-- Whose number it is; locked, so that two calls at once lead to one call back.
SELECT id FROM expert WHERE phone_hash = %(caller)s FOR NO KEY UPDATE;

-- name: call_backs
-- How often this expert was called back, and whether that is under way.
SELECT count(*) FILTER (WHERE c.dialled_at - c.dialled_ahead > clock_timestamp() - k.ahead - interval '1 hour') AS hour,
       count(*) FILTER (WHERE c.dialled_at IS NOT NULL) AS day,
       coalesce(bool_or(c.state <> 'ended'), false) AS under_way
FROM call c, clock k WHERE c.expert = %(expert)s AND c.flow = ANY(%(flows)s::text[])
  AND (c.state <> 'ended' OR c.dialled_at - c.dialled_ahead > clock_timestamp() - k.ahead - interval '1 day');

-- name: open_matter
-- What is open for an expert, the most urgent: the open invitation that rang last, else the next appointment, else that there
-- was one once. Who has asked for leave by key has no appointment to be told of.
SELECT m.* FROM (
  SELECT p.id AS pick, p.activity, p.expert, n.gather_at, a.rules, clock_timestamp() AS now,
         CASE WHEN p.outcome = 'open' AND a.state = 'drawing' THEN 0
              WHEN EXISTS (SELECT FROM appointment ap WHERE ap.pick = p.id AND upper(ap.during) > clock_timestamp())
               AND NOT EXISTS (SELECT FROM call c WHERE c.pick = p.id AND c.outcome = 'leave_confirmed') THEN 1
              ELSE 2 END AS urgency
  FROM pick p JOIN activity a ON a.id = p.activity JOIN condition k ON k.activity = p.activity AND k.id = p.condition
       JOIN notice n ON n.activity = k.activity AND n.id = k.notice
  WHERE p.expert = %(expert)s) m
ORDER BY m.urgency, CASE WHEN m.urgency = 1 THEN m.gather_at END,
         CASE WHEN m.urgency = 0 THEN (SELECT max(c.dialled_at) FROM call c WHERE c.pick = m.pick) END DESC NULLS LAST,
         m.pick DESC LIMIT 1;

-- name: insert_call_back
-- A call back waits for the dispatcher; attempts of its kind count on.
INSERT INTO call (id, flow, activity, pick, expert, attempt, matter)
SELECT %(id)s, %(flow)s, p.activity, p.id, p.expert,
       1 + (SELECT count(*) FROM call c WHERE c.pick = p.id AND c.flow = %(flow)s), %(matter)s::jsonb
FROM pick p WHERE p.id = %(pick)s
ON CONFLICT (pick, flow) WHERE state <> 'ended' DO NOTHING RETURNING id;

-- name: led_to
-- What a call from outside led to.
UPDATE inbound SET call = %(call)s, why_not = %(why_not)s WHERE id = %(id)s;

-- name: live_invitation
-- The invitation that rings this pick's expert now, if one does.
SELECT id FROM call WHERE pick = %(pick)s AND flow = 'invitation' AND state = 'live';

-- name: number_attempt
-- A call back that has adopted an open pick is one more attempt after those that rang; while it is live no other can begin.
UPDATE call SET attempt = 1 + (SELECT count(*) FROM call o WHERE o.pick = call.pick AND o.flow = 'invitation'
                               AND o.dialled_at IS NOT NULL)
WHERE id = %(call)s RETURNING attempt;

-- name: open_tries
-- What the calls about a pick came to so far, in turn, those of call backs not counted; no row when it has an outcome.
SELECT ARRAY(SELECT c.outcome::text FROM call c WHERE c.pick = p.id AND c.flow = 'invitation' AND c.state = 'ended'
             ORDER BY c.attempt) AS outcomes
FROM pick p WHERE p.id = %(pick)s AND p.outcome = 'open';

-- name: change_flow
-- What was open when the call back was asked for is no more: that is what it will say.
UPDATE call SET flow = %(flow)s WHERE id = %(call)s AND state = 'waiting';

-- name: lapse_call_backs
-- Call backs that could not be made soon: nobody expects them any more.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp()
FROM inbound i, clock k WHERE i.call = call.id AND call.state = 'waiting'
  AND i.ended_at - i.ended_ahead < clock_timestamp() - k.ahead - %(seconds)s * interval '1 second';

-- name: choose_language
-- What the person of a live call wants to be spoken to in.
UPDATE expert SET language = %(language)s
FROM call c WHERE c.expert = expert.id AND c.id = %(call)s AND c.epoch = %(epoch)s AND c.state = 'live';

-- name: note_progress (prepared)
-- Where live calls of ours stand, and whoever watches their activities looks again; what is another's by now, or has ended, is
-- passed over. No lock on a call or an activity, and no word to the workers.
WITH ours AS (
  SELECT c.id, c.activity, c.epoch, n.stage::call_stage AS stage, clock_timestamp() - n.ago * interval '1 second' AS since
  FROM unnest(%(calls)s::text[], %(stages)s::text[], %(ago)s::float8[]) AS n (call, stage, ago)
       JOIN call c ON c.id = n.call
  WHERE c.epoch = %(epoch)s AND c.state = 'live'),
noted AS (
  INSERT INTO call_progress AS p (call, epoch, stage, since) SELECT id, epoch, stage, since FROM ours ORDER BY id
  ON CONFLICT (call) DO UPDATE SET epoch = excluded.epoch, stage = excluded.stage, since = excluded.since
  WHERE p.epoch <= excluded.epoch)
SELECT pg_notify('board', activity) FROM ours GROUP BY activity;

-- name: tidy_progress
-- What was noted of calls that have ended is forgotten.
DELETE FROM call_progress p WHERE NOT EXISTS (SELECT FROM call c WHERE c.id = p.call AND c.state = 'live');

-- name: read_clock
-- The database's clock in seconds since the epoch, and how far it is ahead of the steady one.
SELECT extract(epoch FROM clock_timestamp())::float8 AS now, extract(epoch FROM ahead)::float8 AS ahead FROM clock;

-- name: lock_clock
-- Who has noticed that the clock was set looks again alone: a step is noted once.
SELECT pg_advisory_xact_lock(7236027);

-- name: earlier_reading
-- The last renewal of a lease by a process of this machine since it was started: its monotonic clock, and the steady one, in seconds.
SELECT clock, extract(epoch FROM lease_until)::float8 - lease_s - (SELECT extract(epoch FROM ahead)::float8 FROM clock) AS steady, lease_s
FROM node WHERE comparable AND starts_with(clock, %(boot)s || ':') AND isfinite(lease_until) ORDER BY lease_until DESC LIMIT 1;

-- name: shift_clock
-- The database's clock was set: due times and leases are moved with it.
SELECT shift_clock(%(step)s);

-- name: judge_again
-- The database's clock was set: what waits for a time of day is judged at once, since that may have been told by a wrong clock.
UPDATE call SET not_before = clock_timestamp() WHERE state = 'waiting' AND by_wall AND not_before > clock_timestamp();

-- name: note_clock_step
-- That a clock was set, for people.
INSERT INTO clock_step (clock, step_s, node) VALUES (%(clock)s, %(step)s, %(node)s);

-- name: note_trunks
-- The node's trunks as its settings have them, and whether each is there; those that the settings have no more go. Written when
-- something has changed, and else each half minute.
WITH given AS (
  SELECT n.name, n.online, n.position::int
  FROM unnest(%(names)s::text[], %(online)s::boolean[]) WITH ORDINALITY AS n (name, online, position)),
gone AS (DELETE FROM trunk t WHERE t.node = %(node)s AND t.name <> ALL(%(names)s::text[]))
INSERT INTO trunk AS t (node, name, position, online) SELECT %(node)s, g.name, g.position, g.online FROM given g
ON CONFLICT (node, name) DO UPDATE SET position = excluded.position, online = excluded.online, seen_at = clock_timestamp()
WHERE (t.position, t.online) IS DISTINCT FROM (excluded.position, excluded.online)
   OR t.seen_at < clock_timestamp() - interval '30 seconds';

-- name: trunk_moments (prepared)
-- When the last calls of each of the node's trunks ended, by what they showed of it: so many of each at most, each by one look into
-- an index. What was before the administrator had the trunk mended does not count.
SELECT t.name AS trunk, r.result::text AS result, NULL AS cut_off, array_agg(l.ended_at ORDER BY l.ended_at DESC) AS moments
FROM trunk t CROSS JOIN unnest(enum_range(NULL::trunk_result)) AS r (result)
CROSS JOIN LATERAL (
  SELECT c.ended_at FROM call c
  WHERE c.node = t.node AND c.trunk = t.name AND c.trunk_result = r.result AND c.ended_at > t.mended_at
  ORDER BY c.ended_at DESC LIMIT %(depth)s) l
WHERE t.node = %(node)s GROUP BY t.name, r.result
UNION ALL
SELECT t.name, NULL, e.cut_off::text, array_agg(l.ended_at ORDER BY l.ended_at DESC)
FROM trunk t CROSS JOIN unnest(enum_range(NULL::trunk_end)) AS e (cut_off)
CROSS JOIN LATERAL (
  SELECT c.ended_at FROM call c
  WHERE c.node = t.node AND c.trunk = t.name AND c.trunk_end = e.cut_off AND c.ended_at > t.mended_at
  ORDER BY c.ended_at DESC LIMIT %(depth)s) l
WHERE t.node = %(node)s GROUP BY t.name, e.cut_off;

-- name: raise_trunk_alarms
-- Those that hold now; only those that were not open are new.
INSERT INTO trunk_alarm (node, trunk, alarm, calls)
SELECT %(node)s, f.trunk, f.alarm::trunk_alarm_kind, f.calls
FROM unnest(%(trunks)s::text[], %(alarms)s::text[], %(calls)s::int[]) AS f (trunk, alarm, calls)
ON CONFLICT (node, trunk, alarm) WHERE lifted_at IS NULL DO NOTHING RETURNING trunk, alarm::text AS alarm, calls;

-- name: lift_trunk_alarms
-- The node's open alarms that hold no more; never before they were raised, also where the clock was set back since.
UPDATE trunk_alarm a SET lifted_at = greatest(a.raised_at, clock_timestamp())
WHERE a.node = %(node)s AND a.lifted_at IS NULL AND NOT EXISTS (
  SELECT FROM unnest(%(trunks)s::text[], %(alarms)s::text[]) AS f (trunk, alarm)
  WHERE f.trunk = a.trunk AND f.alarm = a.alarm::text)
RETURNING a.trunk, a.alarm::text AS alarm;
