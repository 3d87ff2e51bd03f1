-- The register of supervisors, and who witnesses an activity: every statement, each with a name and one sentence.

-- name: next_supervisor
-- The id of a registration whose name and number are still to be sealed: they are sealed for its row.
SELECT nextval(pg_get_serial_sequence('supervisor', 'id'));

-- name: register
-- A new registration; its number is not verified yet.
INSERT INTO supervisor (id, terminal, account, unit, name_enc, phone_enc, phone_hash, language) OVERRIDING SYSTEM VALUE
VALUES (%(id)s, %(terminal)s, %(account)s, %(unit)s, %(name_enc)s, %(phone_enc)s, %(phone_hash)s, %(language)s);

-- name: change
-- Name, unit, number and language anew; the database takes a new number as not verified.
UPDATE supervisor SET unit = %(unit)s, name_enc = %(name_enc)s, phone_enc = %(phone_enc)s, phone_hash = %(phone_hash)s,
       language = %(language)s
WHERE id = %(id)s;

-- name: set_active
-- 停用 or 启用.
UPDATE supervisor SET active = %(active)s WHERE id = %(id)s;

-- name: supervisors
-- A terminal's register, an account's registrations, or one of either, each with what the last call about its number came to.
SELECT s.id, s.terminal, s.account, s.unit, s.name_enc, s.phone_enc, s.phone_hash, s.language, s.active, s.verified_by, s.verified_at,
       c.id AS call, c.state::text AS call_state, c.outcome::text AS call_outcome, c.dialled_at AS called_at
FROM supervisor s LEFT JOIN LATERAL (
  SELECT * FROM call WHERE call.supervisor = s.id ORDER BY call.attempt DESC LIMIT 1) c ON true
WHERE (%(terminal)s::text IS NULL OR s.terminal = %(terminal)s) AND (%(account)s::text IS NULL OR s.account = %(account)s)
  AND (%(id)s::bigint IS NULL OR s.id = %(id)s)
ORDER BY s.active DESC, s.id;

-- name: lock_supervisor
-- One registration, locked until the transaction ends.
SELECT id, terminal, account, phone_hash, active, verified_by FROM supervisor WHERE id = %(id)s FOR UPDATE;

-- name: experts_number
-- Whether a number is an expert's.
SELECT EXISTS (SELECT FROM expert WHERE phone_hash = %(phone_hash)s);

-- name: asked_lately
-- How often within an hour a call about this number was asked for, and which number the next one has.
SELECT count(*) FILTER (WHERE (c.matter ->> 'asked')::bigint > extract(epoch FROM clock_timestamp()) - 3600) AS hour,
       coalesce(max(c.attempt), 0) + 1 AS next
FROM call c WHERE c.supervisor = %(id)s;

-- name: ask_number_check
-- A call that verifies a number, unless one is open; it names the number that it is about by its hash, and the rules it obeys.
INSERT INTO call (id, flow, supervisor, attempt, matter)
SELECT %(call)s, 'number_check', s.id, %(attempt)s, jsonb_build_object('number', encode(s.phone_hash, 'hex'), 'rules', %(rules)s::text,
       'asked', extract(epoch FROM clock_timestamp())::bigint)
FROM supervisor s WHERE s.id = %(id)s
ON CONFLICT (supervisor) WHERE state <> 'ended' AND supervisor IS NOT NULL DO NOTHING;

-- name: drop_number_checks
-- Calls that wait to verify a number that is none any more.
UPDATE call SET state = 'ended', outcome = 'cancelled', ended_at = clock_timestamp() WHERE supervisor = %(id)s AND state = 'waiting';

-- name: decide_number_check
-- What the person said about their number, while the line is open: fenced by epoch, written once.
UPDATE call SET outcome = %(outcome)s::call_outcome, decided_at = clock_timestamp(), evidence = %(evidence)s,
       evidence_hash = %(evidence_hash)s
WHERE id = %(call)s AND epoch = %(epoch)s AND outcome IS NULL AND state = 'live' RETURNING supervisor, matter ->> 'number' AS number;

-- name: decided_so
-- Whether this very decision stands already: its first answer got lost on the way back.
SELECT true FROM call WHERE id = %(call)s AND epoch = %(epoch)s AND outcome = %(outcome)s::call_outcome AND decided_at IS NOT NULL;

-- name: verify
-- The number was verified by that call, if it is still the one that was called.
UPDATE supervisor SET verified_by = %(call)s, verified_at = clock_timestamp()
WHERE id = %(id)s AND encode(phone_hash, 'hex') = %(number)s AND active;

-- name: end_number_check
-- The line is known to be gone; what was decided before stays.
UPDATE call SET state = 'ended', ended_at = clock_timestamp(), trail = %(trail)s, outcome = coalesce(outcome, %(outcome)s::call_outcome),
       trunk_result = %(trunk_result)s::trunk_result, trunk_end = %(trunk_end)s::trunk_end,
       evidence = coalesce(evidence, %(evidence)s), evidence_hash = coalesce(evidence_hash, %(evidence_hash)s)
WHERE id = %(call)s AND epoch = %(epoch)s AND state = 'live' RETURNING outcome::text AS outcome;

-- name: next_witness
-- The number of a choice whose name and telephone are still to be sealed: they are sealed for its row.
SELECT nextval(pg_get_serial_sequence('witness', 'no'));

-- name: insert_witness
-- A supervisor of the register is chosen for an activity, with the number that is verified now.
INSERT INTO witness (no, activity, id, name_enc, phone_enc, phone_hash, supervisor, position) OVERRIDING SYSTEM VALUE
VALUES (%(no)s, %(activity)s, %(id)s, %(name_enc)s, %(phone_enc)s, %(phone_hash)s, %(supervisor)s, %(position)s);

-- name: replace_witnesses
-- Those chosen so far are replaced; who they were stays.
UPDATE witness SET replaced_at = clock_timestamp(), why_replaced = %(reason)s
WHERE activity = %(activity)s AND replaced_at IS NULL;

-- name: chosen
-- Who witnesses an activity, in the order in which they are called, with what the register says of them now.
SELECT w.no, w.id, w.supervisor, w.position, w.name_enc, w.phone_enc, s.unit, s.terminal, witness_unfit(w) AS unfit
FROM witness w LEFT JOIN supervisor s ON s.id = w.supervisor
WHERE w.activity = %(activity)s AND w.replaced_at IS NULL ORDER BY w.position, w.id;

-- name: replaced
-- Who witnessed an activity before, and why they were replaced, the latest first.
SELECT w.no, w.id, w.name_enc, w.position, w.chosen_at, w.replaced_at, w.why_replaced FROM witness w
WHERE w.activity = %(activity)s AND w.replaced_at IS NOT NULL ORDER BY w.replaced_at DESC, w.position;

-- name: replaced_of
-- Where this person was replaced within a quarter of a year, the latest first.
SELECT w.activity, a.name, w.replaced_at, w.why_replaced FROM witness w JOIN activity a ON a.id = w.activity
WHERE w.id = %(witness)s AND w.replaced_at > clock_timestamp() - interval '90 days' AND NOT EXISTS (
  SELECT FROM witness o WHERE o.activity = w.activity AND o.id = w.id AND o.replaced_at IS NULL)
ORDER BY w.replaced_at DESC LIMIT 50;

-- name: known_numbers
-- The clerks' numbers: of this activity with its notices, and of the newest other activities of the same company.
WITH near AS (
  SELECT %(activity)s AS id UNION ALL (
  SELECT o.activity FROM activity_owner o
  WHERE o.company = (SELECT m.company FROM activity_owner m WHERE m.activity = %(activity)s) AND o.activity <> %(activity)s
  ORDER BY o.activity DESC LIMIT 499))
SELECT a.id, a.id = %(activity)s AS own, a.on_site, a.people_enc,
       (SELECT p.contact_phone FROM project p WHERE p.id = a.project) AS contact,
       ARRAY(SELECT n.contact_phone FROM notice n WHERE n.activity = a.id AND a.id = %(activity)s ORDER BY n.id) AS notices,
       ARRAY(SELECT c.id FROM call c
             WHERE c.activity = a.id AND c.flow = 'masked' AND c.staff_phone_enc IS NOT NULL ORDER BY c.id) AS staff_calls,
       ARRAY(SELECT c.staff_phone_enc FROM call c
             WHERE c.activity = a.id AND c.flow = 'masked' AND c.staff_phone_enc IS NOT NULL ORDER BY c.id) AS staff
FROM near CROSS JOIN LATERAL (SELECT * FROM activity WHERE id = near.id OFFSET 0) a
ORDER BY own DESC, a.id DESC;

-- name: fixed
-- Whether the commit of a draw under way has fixed who witnesses.
SELECT EXISTS (SELECT FROM draw WHERE activity = %(activity)s AND sealed_at IS NULL);
