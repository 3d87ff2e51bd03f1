-- 标段 that may be the same: what drawing.same_lot compares, what was drawn for them, and what the reviewer said.

-- name: to_compare
-- Each of the given 标段 with every other of its projects or with its long code, and itself.
SELECT m.id AS mine, o.id, o.name, o.code, o.whole, o.of_project, coalesce(p.name, o.project) AS project,
       coalesce(p.code, '') AS project_code, coalesce(p.tenderer, '') AS tenderer
FROM lot m CROSS JOIN LATERAL (
  SELECT m.id, m.name, m.code, m.whole, m.of_project, m.project UNION
  SELECT b.id, b.name, b.code, b.whole, b.of_project, b.project FROM lot b WHERE b.project_keys && m.project_keys UNION
  SELECT b.id, b.name, b.code, b.whole, b.of_project, b.project FROM lot b
  WHERE b.code_key = m.code_key AND length(b.code_key) >= 10) AS o
LEFT JOIN LATERAL (SELECT name, code, tenderer FROM project WHERE id = o.of_project OFFSET 0) p ON true
WHERE m.id = ANY (%(lots)s::text[]);

-- name: draws_for
-- What other activities applied for or drew for these 标段, and whether it was ended by force.
SELECT x.lot, a.id AS activity, a.state::text AS state, a.started_at, a.created_at,
       EXISTS (SELECT FROM transcript t WHERE t.activity = a.id AND t.type = 'force_end') AS forced
FROM activity_lot x JOIN activity a ON a.id = x.activity
WHERE x.lot = ANY (%(lots)s::text[]) AND a.id <> %(activity)s AND a.deleted_at IS NULL
  AND (a.started_at IS NOT NULL OR a.state NOT IN ('draft', 'rejected'))
ORDER BY a.id;

-- name: lots_of
-- The 标段 of an activity.
SELECT lot FROM activity_lot WHERE activity = %(activity)s ORDER BY lot;

-- name: last_about
-- The hash of the ledger's last entry about any of these 标段 (hashed).
SELECT hash FROM ledger WHERE lots && %(lots)s::text[] ORDER BY n DESC LIMIT 1;

-- name: others
-- Why the reviewer took which 标段 of the activity for another one.
SELECT lot, reason, seen, reviewer, at FROM another_lot WHERE activity = %(activity)s ORDER BY lot;

-- name: drop_others
-- Before the reviewer's words are written anew.
DELETE FROM another_lot WHERE activity = %(activity)s;

-- name: insert_other
-- A 标段 that is another one, and why.
INSERT INTO another_lot (activity, lot, reason, seen, reviewer)
VALUES (%(activity)s, %(lot)s, %(reason)s, %(seen)s::text[], %(reviewer)s);

-- name: lots_without_keys
-- Those from before there were keys.
SELECT l.id, l.name, l.code, l.whole, l.of_project, coalesce(p.name, l.project) AS project,
       coalesce(p.code, '') AS project_code, coalesce(p.tenderer, '') AS tenderer
FROM lot l LEFT JOIN project p ON p.id = l.of_project WHERE l.project_keys IS NULL ORDER BY l.id LIMIT %(limit)s;

-- name: set_lot_keys
-- By what a 标段 is found.
UPDATE lot SET project_keys = %(project_keys)s::text[], code_key = %(code_key)s WHERE id = %(id)s AND project_keys IS NULL;
