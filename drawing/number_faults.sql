-- Experts' numbers that need attention (K7). What may be shown of them says the view `number_fault_open`.

-- name: note_number_fault
-- A call found something wrong with the number of the expert whom it was for; it belongs to the draw in which they were picked.
INSERT INTO number_fault (call, expert, activity, draw, fault)
SELECT c.id, p.expert, p.activity, p.draw, %(fault)s::number_fault_kind FROM call c JOIN pick p ON p.id = c.pick WHERE c.id = %(call)s
ON CONFLICT DO NOTHING;

-- name: count_number_faults
-- How many entries the list has.
SELECT count(*) FROM (SELECT FROM number_fault_open GROUP BY expert, fault) entry;

-- name: number_faults
-- A page of the list, the latest first: per expert and fault how often it was found, and on which day last.
SELECT f.expert, f.fault::text AS fault, count(*)::int AS times, max(f.day) AS last, e.name_enc, e.phone_enc, e.suspended
FROM number_fault_open f JOIN expert e ON e.id = f.expert
GROUP BY f.expert, f.fault, e.id ORDER BY last DESC, f.expert, f.fault LIMIT %(limit)s OFFSET %(offset)s;

-- name: one_number_fault
-- One entry of it.
SELECT f.expert, f.fault::text AS fault, count(*)::int AS times, max(f.day) AS last, e.name_enc, e.phone_enc, e.suspended
FROM number_fault_open f JOIN expert e ON e.id = f.expert
WHERE f.expert = %(expert)s AND f.fault = %(fault)s::number_fault_kind GROUP BY f.expert, f.fault, e.id;

-- name: handle_number_fault
-- An entry of the list is dealt with: only what is found from now on is shown again. No row when the list has no such entry.
INSERT INTO number_fault_handled (expert, fault, at)
SELECT f.expert, f.fault, clock_timestamp() FROM number_fault_open f
WHERE f.expert = %(expert)s AND f.fault = %(fault)s::number_fault_kind GROUP BY f.expert, f.fault
ON CONFLICT (expert, fault) DO UPDATE SET at = excluded.at
RETURNING expert;
