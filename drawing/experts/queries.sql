-- name: insert_pool_import
-- Records that a file was taken in, by whom, and how many rows.
INSERT INTO pool_import (file_sha256, rows, by) VALUES (%(file_sha256)s, %(rows)s, %(by)s);

-- name: known_experts
-- Which of these phones and 证件号 belong to somebody in the pool already, by their place in the given arrays (from 0).
SELECT n.place::int - 1 AS place, 'phone' AS kind
FROM unnest(%(phones)s::bytea[]) WITH ORDINALITY AS n (hash, place) JOIN expert e ON e.phone_hash = n.hash
UNION ALL
SELECT n.place::int - 1, 'id_card'
FROM unnest(%(id_cards)s::bytea[]) WITH ORDINALITY AS n (hash, place) JOIN expert e ON e.id_card_hash = n.hash;

-- name: gather_terms
-- For this transaction the index of terms gathers its entries, up to so much, before it puts them in.
SELECT set_config('gin_pending_list_limit', '131072', true), set_config('work_mem', '131072', true),
       set_config('maintenance_work_mem', '131072', true);

-- name: put_in_terms
-- What the index of terms has gathered goes in, so that no preview has to look through it.
SELECT put_in_expert_terms();
