-- name: insert_pool_import
-- Records that a file was taken in, by whom, and how many rows.
INSERT INTO pool_import (file_sha256, rows, by) VALUES (%(file_sha256)s, %(rows)s, %(by)s);

-- name: known_experts
-- Who of the pool has these 证件号, by their place in the given array (from 0), with what a file may have changed.
SELECT n.place::int - 1 AS place, e.id, e.name_hash, e.phone_hash, e.residence, e.willing, e.specialties, e.title,
       e.qualifications, e.authorities, e.unit, e.former_units, e.suspended
FROM unnest(%(id_cards)s::bytea[]) WITH ORDINALITY AS n (hash, place) JOIN expert e ON e.id_card_hash = n.hash;

-- name: known_phones
-- Whose in the pool these telephones are, by their place in the given array (from 0).
SELECT n.place::int - 1 AS place, e.id
FROM unnest(%(phones)s::bytea[]) WITH ORDINALITY AS n (hash, place) JOIN expert e ON e.phone_hash = n.hash;

-- name: add_job
-- Notes an uploaded file that waits to be taken in.
INSERT INTO pool_job (file_name, file, size, sha256, encoding, by)
VALUES (%(file_name)s, %(file)s, %(size)s, %(sha256)s, %(encoding)s, %(by)s) RETURNING id;

-- name: job
-- One import.
SELECT id, file_name, size, state::text AS state, listing, rows_read, rows_total, bad_rows, reason, by, created_at,
       started_at, ended_at, file IS NOT NULL AS has_file, extract(epoch FROM ended_at - started_at)::float8 AS took_s,
       left_out, same_rows, changed_rows, new_rows
FROM pool_job WHERE id = %(id)s;

-- name: jobs
-- Imports, the newest first.
SELECT id, file_name, size, state::text AS state, listing, rows_read, rows_total, bad_rows, reason, by, created_at,
       started_at, ended_at, file IS NOT NULL AS has_file, extract(epoch FROM ended_at - started_at)::float8 AS took_s,
       left_out, same_rows, changed_rows, new_rows
FROM pool_job ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_jobs
-- How many imports there have been.
SELECT count(*) FROM pool_job;

-- name: job_work
-- What the process of an import has to know; nothing if the import is over.
SELECT file_name, file, encoding, by FROM pool_job WHERE id = %(id)s AND state IN ('waiting', 'running');

-- name: hold_job
-- Shows, as long as this session lives, that somebody works on this import; false if another does.
SELECT pg_try_advisory_lock(%(kind)s, %(id)s);

-- name: one_at_a_time
-- Waits until no other import runs; held as long as this session lives.
SELECT pg_advisory_lock(%(kind)s);

-- name: begin_job
-- The import begins.
UPDATE pool_job SET state = 'running', started_at = clock_timestamp(), rows_read = 0, listing = false, rows_total = %(rows_total)s
WHERE id = %(id)s;

-- name: tell_progress
-- How far it is.
UPDATE pool_job SET rows_read = %(rows_read)s, listing = %(listing)s WHERE id = %(id)s;

-- name: finish_job
-- The experts are in.
UPDATE pool_job SET state = 'done', rows_read = %(rows)s, rows_total = %(rows)s, left_out = %(left_out)s, ended_at = clock_timestamp()
WHERE id = %(id)s;

-- name: end_job
-- The import came to nothing, and why.
UPDATE pool_job SET state = %(state)s, reason = %(reason)s, bad_rows = %(bad_rows)s, rows_read = greatest(rows_read, %(rows_read)s),
                    left_out = %(left_out)s, same_rows = %(same_rows)s, changed_rows = %(changed_rows)s, new_rows = %(new_rows)s,
                    ended_at = clock_timestamp()
WHERE id = %(id)s AND state IN ('waiting', 'running');

-- name: forget_file
-- The uploaded file is deleted.
UPDATE pool_job SET file = NULL WHERE id = %(id)s;

-- name: settle_jobs
-- Imports that nobody works on any more (their process was killed, or never came up) have failed; says which.
UPDATE pool_job j SET state = 'failed', reason = %(reason)s, ended_at = clock_timestamp()
WHERE j.state IN ('waiting', 'running') AND j.created_at < clock_timestamp() - make_interval(secs => %(grace_s)s)
  AND NOT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
                  WHERE l.locktype = 'advisory' AND l.classid = %(kind)s::int::oid AND l.objid = j.id::int::oid
                    AND l.objsubid = 2 AND l.granted)
RETURNING j.id;

-- name: retry_job
-- A failed import whose file is still there waits again.
UPDATE pool_job SET state = 'waiting', reason = '', started_at = NULL, ended_at = NULL, rows_read = 0, listing = false,
                    left_out = '{}', created_at = clock_timestamp()
WHERE id = %(id)s AND state = 'failed' AND file IS NOT NULL;

-- name: files_over
-- The files of imports that are over: at once, or, of failed ones, after a time in which they can be tried again.
SELECT id, file FROM pool_job
WHERE file IS NOT NULL AND (state IN ('done', 'refused')
      OR state = 'failed' AND ended_at < clock_timestamp() - make_interval(secs => %(keep_s)s));

-- name: problems
-- Faults of a refused file from a given place on, by row.
SELECT n, row, column_name, reason FROM pool_problem WHERE job = %(job)s AND n >= %(first)s ORDER BY n LIMIT %(most)s;

-- name: count_problems
-- How many faults are listed.
SELECT coalesce(max(n), 0) FROM pool_problem WHERE job = %(job)s;

-- name: pool_size
-- How many experts there are, and how many of them are suspended.
SELECT (SELECT count(*) FROM expert) AS experts, (SELECT count(*) FROM expert WHERE suspended) AS suspended,
       (SELECT max(at) FROM pool_import) AS imported_at, clock_timestamp() AS counted_at;

-- name: expert_by_phone
-- The expert with this phone.
SELECT id, name_enc, id_card_enc, phone_enc, residence, willing, specialties, title, qualifications, authorities, unit,
       suspended, imported_at
FROM expert WHERE phone_hash = %(hash)s;

-- name: expert_by_id_card
-- The expert with this 证件号.
SELECT id, name_enc, id_card_enc, phone_enc, residence, willing, specialties, title, qualifications, authorities, unit,
       suspended, imported_at
FROM expert WHERE id_card_hash = %(hash)s;

-- name: suspend
-- Suspends an expert, or ends that; touches no row if it is so already.
UPDATE expert SET suspended = %(suspended)s WHERE id = %(id)s AND suspended <> %(suspended)s;

-- name: log_pool_operation
-- 操作记录 of something done with the pool.
INSERT INTO operation (actor, role, act, remark) VALUES (%(actor)s, %(role)s, %(act)s, %(remark)s);

-- name: make_room
-- Memory for sorting what an import adds to the indexes, until its end.
SET LOCAL work_mem = '256MB';

-- name: tidy_pool
-- Sorts what an import has added into the indexes, and counts anew what the planner goes by.
SELECT tidy_pool();

-- name: rehash_progress
-- How far the names' hashes are up to date; locked, so that two at once take turns.
SELECT up_to, last FROM normal_form_progress WHERE what = %(what)s FOR UPDATE;

-- name: rehashed
-- They are so far.
UPDATE normal_form_progress SET up_to = %(up_to)s WHERE what = %(what)s;

-- name: expert_names
-- Experts' sealed names with what they are found by.
SELECT id, name_enc, name_hash FROM expert WHERE id > %(after)s AND id <= %(last)s ORDER BY id LIMIT %(limit)s;

-- name: avoidance_names
-- The same of 回避人员.
SELECT id, name_enc, name_hash FROM avoidance
WHERE id > %(after)s AND id <= %(last)s AND name_enc IS NOT NULL ORDER BY id LIMIT %(limit)s;

-- name: set_expert_name_hash
-- By what an expert's name is found.
UPDATE expert SET name_hash = %(hash)s WHERE id = %(id)s;

-- name: set_avoidance_name_hash
-- By what an avoided person's name is found.
UPDATE avoidance SET name_hash = %(hash)s WHERE id = %(id)s;
