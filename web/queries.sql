-- Every statement of the console, each with a name and one sentence. Reads only; numbers only.

-- name: under_way
-- Activities in which experts are being drawn, the oldest first, as the manual counts them (D1).
SELECT a.id, a.state::text AS state, a.seats AS planned, a.started_at,
       (SELECT count(*) FROM pick p WHERE p.activity = a.id AND p.outcome = 'accepted') AS agreed,
       (SELECT count(DISTINCT c.pick) FROM call c
        WHERE c.activity = a.id AND c.flow = 'invitation' AND c.dialled_at IS NOT NULL) AS called,
       (SELECT count(*) FROM call c WHERE c.activity = a.id AND c.state = 'live') AS live
FROM activity a WHERE a.state IN ('drawing', 'paused') ORDER BY a.started_at, a.id;

-- name: nodes
-- Every Asterisk node and for how many seconds its lease still holds by the database's clock; null if it was never held.
SELECT name, holder IS NOT NULL AND lease_until > clock_timestamp() AS held,
       CASE WHEN isfinite(lease_until) THEN extract(epoch FROM lease_until - clock_timestamp())::float8 END AS lease_left_s
FROM node ORDER BY name;

-- name: calls_live
-- How many lines are open now, of all activities.
SELECT count(*) FROM call WHERE state = 'live';
