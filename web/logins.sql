-- Tries to log in, each statement with a name and one sentence. What they mean is decided by web/login_waits.py.

-- name: one_try_at_a_time
-- The next try of an account waits until this one has been counted, so that many at once are no way around the limit.
SELECT pg_advisory_xact_lock(hashtextextended('login ' || encode(%(account)s, 'hex'), 0));

-- name: login_failures
-- What has failed for this account and this address, and whether the account is known there.
SELECT scope::text AS scope, failures, extract(epoch FROM clock_timestamp() - last_at)::float8 AS ago, false AS known
FROM login_failure WHERE (scope, key) IN (('place', %(place)s), ('account', %(account)s), ('address', %(address)s))
UNION ALL SELECT NULL, 0, 0, true FROM login_known_place
WHERE key = %(place)s AND last_at > clock_timestamp() - %(known_days)s * interval '1 day';

-- name: count_login_try
-- A try counts as failed until it has succeeded; what was long ago is forgotten.
INSERT INTO login_failure AS f (scope, key, failures)
VALUES ('place', %(place)s, 1), ('account', %(account)s, 1), ('address', %(address)s, 1)
ON CONFLICT (scope, key) DO UPDATE SET last_at = clock_timestamp(),
  failures = CASE WHEN f.last_at < clock_timestamp() - %(forgotten)s * interval '1 second' THEN 1 ELSE f.failures + 1 END;

-- name: take_back_login_try
-- It has succeeded: the failures of this account from this address are forgiven, the other counts lose this one try.
UPDATE login_failure SET failures = CASE scope WHEN 'place' THEN 0 ELSE greatest(failures - 1, 0) END
WHERE (scope, key) IN (('place', %(place)s), ('account', %(account)s), ('address', %(address)s));

-- name: know_login_place
-- The account has logged in from this address.
INSERT INTO login_known_place (key) VALUES (%(place)s) ON CONFLICT (key) DO UPDATE SET last_at = clock_timestamp();

-- name: drop_old_login_failures
-- Forgotten failures; rows that somebody counts at this moment are left for the next time.
DELETE FROM login_failure WHERE (scope, key) IN (
  SELECT scope, key FROM login_failure WHERE last_at < clock_timestamp() - %(forgotten)s * interval '1 second'
  ORDER BY last_at LIMIT 1000 FOR UPDATE SKIP LOCKED);

-- name: drop_old_login_places
-- Places that an account has not logged in from for long.
DELETE FROM login_known_place WHERE key IN (
  SELECT key FROM login_known_place WHERE last_at < clock_timestamp() - %(known_days)s * interval '1 day'
  ORDER BY last_at LIMIT 1000 FOR UPDATE SKIP LOCKED);
