-- Every statement of the worker, each with a name and one sentence.

-- name: know_node
-- The node's row exists before anybody asks for its lease.
INSERT INTO node (name) VALUES (%(node)s) ON CONFLICT DO NOTHING;

-- name: take_lease
-- Take over a lease that has run out: the epoch rises and fences whoever held it. The database's clock judges.
UPDATE node SET holder = %(holder)s, epoch = epoch + 1,
       lease_until = clock_timestamp() + %(lease)s * interval '1 second'
WHERE name = %(node)s AND lease_until < clock_timestamp()
RETURNING epoch;

-- name: adopt
-- With the lease go the calls that the holder before left live: from now on none of its writes counts.
UPDATE call SET epoch = %(epoch)s WHERE node = %(node)s AND state = 'live';

-- name: renew_lease
-- Stay the holder, late as it may be; 0 rows when somebody else has taken over.
UPDATE node SET lease_until = clock_timestamp() + %(lease)s * interval '1 second'
WHERE name = %(node)s AND holder = %(holder)s AND epoch = %(epoch)s
RETURNING epoch;

-- name: release_lease
-- Let the next one in at once.
UPDATE node SET lease_until = clock_timestamp(), holder = NULL
WHERE name = %(node)s AND holder = %(holder)s AND epoch = %(epoch)s;

-- name: due (prepared)
-- Calls whose time has come, oldest first; those of kinds that belong to the draw are held while it is paused or ended, or owes
-- a pick.
SELECT c.id, c.flow, c.activity, c.attempt, c.pick, c.expert, c.witness, c.matter
FROM call c JOIN activity a ON a.id = c.activity
WHERE c.state = 'waiting' AND c.not_before <= clock_timestamp()
  AND (a.state = 'drawing' AND NOT a.owed OR c.flow <> ALL(%(held)s::text[]))
ORDER BY c.not_before, c.id LIMIT %(limit)s;

-- name: next_due (prepared)
-- When the next waiting call's time comes, in seconds from now.
SELECT extract(epoch FROM min(c.not_before) - clock_timestamp())::float8
FROM call c JOIN activity a ON a.id = c.activity
WHERE c.state = 'waiting' AND c.not_before > clock_timestamp()
  AND (a.state = 'drawing' OR c.flow <> ALL(%(held)s::text[]));

-- name: invitation (prepared)
-- All that a call to an expert says and needs, but for its matter.
SELECT p.pseudonym, p.code, e.phone_enc, n.district, a.evaluation_start, a.evaluation_end, a.rules,
       n.gather_at, n.venue, n.address, n.room, n.contact, n.contact_phone, n.note
FROM pick p JOIN expert e ON e.id = p.expert
     JOIN activity a ON a.id = p.activity
     JOIN condition c ON c.activity = p.activity AND c.id = p.condition
     JOIN notice n ON n.activity = c.activity AND n.id = c.notice
WHERE p.id = %(pick)s;

-- name: witness_call
-- All that a witness call says and needs: the commit it is about, and the ledger's size under it.
SELECT w.phone_enc, a.rules, t.body, encode(t.hash, 'hex') AS hash
FROM witness w JOIN activity a ON a.id = w.activity
     JOIN transcript t ON t.activity = a.id AND t.type = 'commit'
WHERE w.activity = %(activity)s AND w.id = %(witness)s
ORDER BY t.seq DESC LIMIT 1;

-- name: person_now (prepared)
-- What could stand in the way of ringing this expert now: when they were called within a day (what our trunk never brought to
-- them is no call to them), whether they are on the line, when they are to be there, and the pick that made an appointment
-- elsewhere.
SELECT coalesce(array_agg(c.dialled_at) FILTER (WHERE c.id IS NOT NULL AND (c.outcome IS DISTINCT FROM 'trunk_failure'
         OR coalesce(c.trail ->> 'ringing', c.trail ->> 'early_media') IS NOT NULL)), '{}') AS called,
       coalesce(bool_or(c.state = 'live'), false) AS on_the_line,
       (SELECT n.gather_at FROM pick p JOIN condition k ON k.activity = p.activity AND k.id = p.condition
               JOIN notice n ON n.activity = k.activity AND n.id = k.notice WHERE p.id = %(pick)s) AS gather_at,
       (SELECT ap.pick FROM appointment ap
        WHERE ap.expert = %(expert)s AND ap.activity <> %(activity)s AND ap.during && (
          SELECT tstzrange(n.gather_at - %(travel)s * interval '1 second', a.evaluation_end)
          FROM pick p JOIN condition k ON k.activity = p.activity AND k.id = p.condition
               JOIN notice n ON n.activity = k.activity AND n.id = k.notice
               JOIN activity a ON a.id = p.activity
          WHERE p.id = %(pick)s) LIMIT 1) AS elsewhere
FROM call c WHERE c.expert = %(expert)s AND c.dialled_at > clock_timestamp() - interval '1 day';

-- name: calls_before
-- The calls about one matter so far, in turn: over which trunk, and whether anything was heard of the person's telephone.
SELECT c.outcome::text AS outcome, coalesce(c.trail ->> 'trunk', '') AS trunk,
       coalesce(c.trail ->> 'ringing', c.trail ->> 'early_media') IS NOT NULL AS rang
FROM call c
WHERE c.activity = %(activity)s AND c.flow = %(flow)s AND c.state = 'ended' AND c.dialled_at IS NOT NULL
  AND c.pick IS NOT DISTINCT FROM %(pick)s AND c.witness IS NOT DISTINCT FROM %(witness)s
ORDER BY c.attempt, c.dialled_at;

-- name: outcome_hash
-- The transcript entry that gave a pick its outcome.
SELECT encode(t.hash, 'hex') FROM pick p JOIN transcript t ON t.activity = p.activity AND t.type = 'outcome'
WHERE p.id = %(pick)s AND t.body::jsonb ->> 'expert' = p.pseudonym ORDER BY t.seq DESC LIMIT 1;

-- name: go_live (prepared)
-- A waiting call becomes this worker's while its lease holds, which is kept fast against a take-over until COMMIT; the unique
-- index refuses a second live call to one expert.
WITH held AS (
  SELECT epoch FROM node
  WHERE name = %(node)s AND holder = %(holder)s AND epoch = %(epoch)s AND lease_until > clock_timestamp() FOR SHARE)
UPDATE call SET state = 'live', node = %(node)s, epoch = held.epoch, dialled_at = clock_timestamp()
FROM held WHERE id = %(call)s AND state = 'waiting';

-- name: postpone
-- Not now: another line, the hours or a budget stand in the way.
UPDATE call SET not_before = clock_timestamp() + %(seconds)s * interval '1 second'
WHERE id = %(call)s AND state = 'waiting';

-- name: live_calls
-- The calls that are live under this epoch, with whom they are for as evidence names them.
SELECT c.id, c.activity, c.flow, c.pick, c.attempt, c.outcome::text AS outcome, coalesce(p.pseudonym, c.witness) AS who
FROM call c LEFT JOIN pick p ON p.id = c.pick
WHERE c.node = %(node)s AND c.state = 'live' AND c.epoch = %(epoch)s ORDER BY c.id;

-- name: calls_today
-- Calls dialled since midnight, for the daily ceiling.
SELECT count(*) FROM call WHERE dialled_at >= date_trunc('day', clock_timestamp() AT TIME ZONE 'Asia/Shanghai')
  AT TIME ZONE 'Asia/Shanghai';

-- name: postpone_until
-- Not now: a rule stands against it until then (a moment later when the rule does not say).
UPDATE call SET not_before = coalesce(%(until)s, clock_timestamp() + interval '1 second')
WHERE id = %(call)s AND state = 'waiting';
