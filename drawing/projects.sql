-- Every statement about projects, drafts, verification and previews. Whose something is: %(company)s and %(handler)s, null: anybody's.

-- name: insert_project
-- A new project; its number.
INSERT INTO project (company, handler, handler_name, name, code, kind, region, funding, approval, method, organisation,
  tenderer_kind, investment, investment_code, tenderer, tenderer_code, agency, agency_code, contact_phone, contact)
VALUES (%(company)s, %(handler)s, %(handler_name)s, %(name)s, %(code)s, %(kind)s, %(region)s, %(funding)s, %(approval)s,
  %(method)s, %(organisation)s, %(tenderer_kind)s, %(investment)s, %(investment_code)s, %(tenderer)s, %(tenderer_code)s,
  %(agency)s, %(agency_code)s, %(contact_phone)s, %(contact)s)
RETURNING id;

-- name: update_project
-- The whole form, for a project that is locked and not linked.
UPDATE project SET name = %(name)s, code = %(code)s, kind = %(kind)s, region = %(region)s, funding = %(funding)s,
  approval = %(approval)s, method = %(method)s, organisation = %(organisation)s, tenderer_kind = %(tenderer_kind)s,
  investment = %(investment)s, investment_code = %(investment_code)s, tenderer = %(tenderer)s,
  tenderer_code = %(tenderer_code)s, agency = %(agency)s, agency_code = %(agency_code)s,
  contact_phone = %(contact_phone)s, contact = %(contact)s
WHERE id = %(project)s;

-- name: delete_project_lots
-- The 标段 of a project that is deleted.
DELETE FROM lot WHERE of_project = %(project)s;

-- name: delete_project
-- A project that is linked to nothing.
DELETE FROM project WHERE id = %(project)s;

-- name: project
-- One project, if it may be seen, and whether an activity is linked to it.
SELECT p.*, EXISTS (SELECT FROM activity a WHERE a.project = p.id) AS linked
FROM project p
WHERE p.id = %(project)s AND (%(company)s::text IS NULL OR p.company = %(company)s)
  AND (%(handler)s::text IS NULL OR p.handler = %(handler)s);

-- name: lock_project
-- The same, locked until the transaction ends: lots are given out one at a time.
SELECT p.*, EXISTS (SELECT FROM activity a WHERE a.project = p.id) AS linked
FROM project p
WHERE p.id = %(project)s AND (%(company)s::text IS NULL OR p.company = %(company)s)
  AND (%(handler)s::text IS NULL OR p.handler = %(handler)s)
FOR UPDATE OF p;

-- name: projects
-- A page of 招标项目, the newest first; names and numbers by any part. The page is found before anything is counted for its rows.
WITH page AS (
  SELECT p.* FROM project p
  WHERE (%(company)s::text IS NULL OR p.company = %(company)s) AND (%(handler)s::text IS NULL OR p.handler = %(handler)s)
    AND (%(name)s = '' OR strpos(p.name_form, %(name)s) > 0)
    AND (%(code)s = '' OR strpos(p.code_form, %(code)s) > 0)
  ORDER BY p.id DESC LIMIT %(limit)s OFFSET %(offset)s)
SELECT p.id, p.name, p.code, p.kind, p.region, p.tenderer, p.handler, p.handler_name, p.created_at,
       (SELECT count(*) FROM lot l WHERE l.of_project = p.id AND NOT l.whole) AS lots,
       EXISTS (SELECT FROM activity a WHERE a.project = p.id) AS linked
FROM page p ORDER BY p.id DESC;

-- name: count_projects
-- How many there are on all pages.
SELECT count(*) FROM project p
WHERE (%(company)s::text IS NULL OR p.company = %(company)s) AND (%(handler)s::text IS NULL OR p.handler = %(handler)s)
  AND (%(name)s = '' OR strpos(p.name_form, %(name)s) > 0)
  AND (%(code)s = '' OR strpos(p.code_form, %(code)s) > 0);

-- name: likely_duplicates
-- P4: other projects of the same name, 项目编号 or 投资项目统一代码, however they are written, or whose 标段 say that they may be the
-- same; each found by its index. %(no_code)s: what people write where there is no code.
SELECT o.id, o.name, o.code, o.tenderer, o.investment_code, o.created_at
FROM project p CROSS JOIN LATERAL (
  SELECT id FROM project WHERE name_form = p.name_form UNION
  SELECT id FROM project WHERE code_form = p.code_form AND p.code_form <> ALL (%(no_code)s::text[]) UNION
  SELECT id FROM project WHERE investment_code_form = p.investment_code_form
    AND p.investment_code_form <> ALL (%(no_code)s::text[]) UNION
  SELECT b.of_project FROM lot a JOIN lot b ON b.project_keys && a.project_keys WHERE a.of_project = p.id) AS same
CROSS JOIN LATERAL (SELECT * FROM project WHERE project.id = same.id OFFSET 0) o
WHERE p.id = %(project)s AND o.id <> p.id ORDER BY o.id DESC LIMIT 20;

-- name: next_lot
-- The number of the project's next 标段; never given twice.
UPDATE project SET lots_made = lots_made + 1 WHERE id = %(project)s RETURNING lots_made;

-- name: insert_project_lot
-- A 标段 of a project, or the project itself as its own.
INSERT INTO lot (id, project, name, of_project, code, investment, whole, project_keys, code_key)
SELECT %(id)s, p.name, %(name)s, p.id, %(code)s, %(investment)s, %(whole)s, %(project_keys)s::text[], %(code_key)s
FROM project p WHERE p.id = %(project)s;

-- name: rename_lots
-- The project's name, and what it is known by, as its lots carry it; the project as its own 标段 has its name and code.
UPDATE lot SET project = %(name)s, project_keys = %(project_keys)s::text[],
  name = CASE WHEN whole THEN %(name)s ELSE lot.name END, code = CASE WHEN whole THEN %(code)s ELSE lot.code END,
  code_key = CASE WHEN whole THEN %(code_key)s ELSE lot.code_key END
WHERE of_project = %(project)s;

-- name: delete_lot
-- A 标段 that nothing is drawn for.
DELETE FROM lot l WHERE l.id = %(lot)s AND l.of_project = %(project)s
  AND NOT EXISTS (SELECT FROM activity_lot a WHERE a.lot = l.id) RETURNING l.name;

-- name: project_lots
-- The 标段 of a project with the activities that draw for them.
SELECT l.id, l.name, l.code, l.investment, l.whole,
       ARRAY(SELECT a.id FROM activity_lot x JOIN activity a ON a.id = x.activity WHERE x.lot = l.id ORDER BY a.id) AS activities,
       ARRAY(SELECT a.name || '（' || a.id || '）' FROM activity_lot x JOIN activity a ON a.id = x.activity
             WHERE x.lot = l.id ORDER BY a.id) AS names
FROM lot l WHERE l.of_project = %(project)s ORDER BY l.id;

-- name: activity_lots
-- 关联的项目标段.
SELECT l.id, l.name, l.code, l.investment, l.whole FROM activity_lot x JOIN lot l ON l.id = x.lot
WHERE x.activity = %(activity)s ORDER BY l.id;

-- name: insert_draft
-- A new activity as its clerk enters it.
INSERT INTO activity (id, name, kind, seats, district, bid_opening, evaluation_start, evaluation_end, rules, key_enc,
  project, media, on_site, drawn_before, remark, people_enc)
VALUES (%(id)s, %(name)s, %(kind)s::activity_kind, %(seats)s, %(district)s, %(bid_opening)s, %(evaluation_start)s,
  %(evaluation_end)s, %(rules)s, %(key_enc)s, %(project)s, %(media)s, %(on_site)s, %(drawn_before)s, %(remark)s, %(people_enc)s);

-- name: update_draft
-- 活动信息, for an activity that is locked and may be edited.
UPDATE activity SET name = %(name)s, seats = %(seats)s, district = %(district)s, bid_opening = %(bid_opening)s,
  evaluation_start = %(evaluation_start)s, evaluation_end = %(evaluation_end)s, media = %(media)s, on_site = %(on_site)s,
  drawn_before = %(drawn_before)s, remark = %(remark)s, people_enc = %(people_enc)s
WHERE id = %(activity)s;

-- name: drop_activity_lots
-- Before the ticked ones are written anew.
DELETE FROM activity_lot WHERE activity = %(activity)s;

-- name: drop_earlier
-- Before the ticked ones are written anew.
DELETE FROM activity_before WHERE activity = %(activity)s;

-- name: insert_earlier
-- A5: an earlier activity of the same company whose experts are avoided; 0 rows if it may not be named.
INSERT INTO activity_before (activity, earlier)
SELECT o.activity, e.activity FROM activity_owner o JOIN activity_owner e ON e.company = o.company JOIN activity a ON a.id = e.activity
WHERE o.activity = %(activity)s AND e.activity = %(earlier)s AND e.activity <> o.activity AND a.state IN ('completed', 'ended', 'released');

-- name: earlier_choices
-- A5: completed activities of one company, the newest first.
SELECT a.id, a.name FROM activity a JOIN activity_owner o ON o.activity = a.id
WHERE o.company = %(company)s AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
  AND a.state IN ('completed', 'ended', 'released') AND a.deleted_at IS NULL
ORDER BY a.created_at DESC LIMIT 200;

-- name: earlier
-- A5: the earlier activities, and how many took part in each.
SELECT b.earlier AS id, a.name, (SELECT count(*) FROM pick p WHERE p.activity = a.id AND p.outcome = 'accepted') AS experts
FROM activity_before b JOIN activity a ON a.id = b.earlier WHERE b.activity = %(activity)s ORDER BY b.earlier;

-- name: delete_draft
-- A draft is given up: it lets go of its project and 标段 (which can be edited and deleted again) and is shown no more.
UPDATE activity SET deleted_at = clock_timestamp(), project = NULL WHERE id = %(activity)s AND state = 'draft';

-- name: disown
-- Nobody handles a deleted draft.
DELETE FROM activity_owner WHERE activity = %(activity)s;

-- name: details
-- An activity with its project, if it may be seen.
SELECT a.id, a.name, a.kind::text AS kind, a.state::text AS state, a.seats, a.district, a.bid_opening, a.evaluation_start,
       a.evaluation_end, a.rules, a.created_at, a.started_at, a.project, a.source, a.media, a.on_site, a.drawn_before, a.remark,
       a.people_enc, o.company, o.company_name, o.handler, o.handler_name, clock_timestamp() AS now
FROM activity a LEFT JOIN activity_owner o ON o.activity = a.id
WHERE a.id = %(activity)s AND a.deleted_at IS NULL
  AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s);

-- name: known_names
-- N2: names that no free text of a notice may contain.
SELECT p.name, p.tenderer, p.agency FROM activity a JOIN project p ON p.id = a.project WHERE a.id = %(activity)s;

-- name: notices
-- 语音通知 in order.
SELECT id, venue, district, address, room, gather_at, contact, contact_phone, note FROM notice
WHERE activity = %(activity)s ORDER BY id;

-- name: next_notice
-- The number of the activity's next notice.
SELECT coalesce(max(id) + 1, 0) FROM notice WHERE activity = %(activity)s;

-- name: update_notice
-- A notice's whole form.
UPDATE notice SET venue = %(venue)s, district = %(district)s, address = %(address)s, room = %(room)s, gather_at = %(gather_at)s,
  contact = %(contact)s, contact_phone = %(contact_phone)s, note = %(note)s
WHERE activity = %(activity)s AND id = %(id)s;

-- name: delete_notice_conditions
-- The conditions of a notice that is deleted.
DELETE FROM condition WHERE activity = %(activity)s AND notice = %(id)s;

-- name: delete_notice
-- A notice.
DELETE FROM notice WHERE activity = %(activity)s AND id = %(id)s;

-- name: next_condition
-- The place of the activity's next condition; its id is c and the number after it.
SELECT coalesce(max(position) + 1, 0) FROM condition WHERE activity = %(activity)s;

-- name: copy_choices
-- Other activities that have notices or conditions to copy, the newest first; name and number by any part.
WITH page AS (
  SELECT a.id, a.name, a.seats, a.created_at FROM activity a JOIN activity_owner o ON o.activity = a.id
  WHERE a.id <> %(activity)s AND a.deleted_at IS NULL AND EXISTS (SELECT FROM notice n WHERE n.activity = a.id)
    AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
    AND (%(search)s = '' OR strpos(a.name_form, %(search)s) > 0 OR strpos(a.id, upper(%(search)s)) > 0)
  ORDER BY a.created_at DESC, a.id DESC LIMIT %(limit)s OFFSET %(offset)s)
SELECT a.id, a.name, a.seats, a.created_at,
       (SELECT count(*) FROM notice n WHERE n.activity = a.id) AS notices,
       (SELECT count(*) FROM condition c WHERE c.activity = a.id) AS conditions
FROM page a ORDER BY a.created_at DESC, a.id DESC;

-- name: count_copy_choices
-- How many there are on all pages.
SELECT count(*) FROM activity a JOIN activity_owner o ON o.activity = a.id
WHERE a.id <> %(activity)s AND a.deleted_at IS NULL AND EXISTS (SELECT FROM notice n WHERE n.activity = a.id)
  AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
  AND (%(search)s = '' OR strpos(a.name_form, %(search)s) > 0 OR strpos(a.id, upper(%(search)s)) > 0);

-- name: condition_rows
-- C4: every condition with what became of it.
SELECT c.id, c.notice, c.mode::text AS mode, c.regions, c.main, c.backup, c.titles, c.qualifications, c.authorities, c.seats,
       (SELECT count(*) FROM pick p WHERE p.activity = c.activity AND p.condition = c.id AND p.outcome = 'accepted') AS agreed,
       (SELECT coalesce(max(p.draw), 1) > 1 FROM pick p WHERE p.activity = c.activity AND p.condition = c.id) AS supplement
FROM condition c WHERE c.activity = %(activity)s ORDER BY c.position;

-- name: update_condition
-- A condition's whole form; its notice stays.
UPDATE condition SET mode = %(mode)s::region_mode, regions = %(regions)s::text[], main = %(main)s::text[],
  backup = %(backup)s::text[], titles = %(titles)s::text[], qualifications = %(qualifications)s::text[],
  authorities = %(authorities)s::text[], seats = %(seats)s
WHERE activity = %(activity)s AND id = %(id)s;

-- name: delete_condition
-- A condition.
DELETE FROM condition WHERE activity = %(activity)s AND id = %(id)s;

-- name: planned
-- C3: how many seats the conditions have, without one of them.
SELECT coalesce(sum(seats), 0)::int FROM condition WHERE activity = %(activity)s AND id <> %(id)s;

-- name: avoidance_units
-- 回避单位; the fixed ones first.
SELECT id, unit, code, reason, fixed, created_at FROM avoidance
WHERE activity = %(activity)s AND unit IS NOT NULL
  AND (%(search)s = '' OR strpos(normal_unit(unit), normal_unit(%(search)s)) > 0 OR %(code)s <> '' AND strpos(code_form(code), code_form(%(code)s)) > 0)
ORDER BY fixed DESC, id LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_avoidance_units
-- How many there are on all pages.
SELECT count(*) FROM avoidance WHERE activity = %(activity)s AND unit IS NOT NULL
  AND (%(search)s = '' OR strpos(normal_unit(unit), normal_unit(%(search)s)) > 0 OR %(code)s <> '' AND strpos(code_form(code), code_form(%(code)s)) > 0);

-- name: avoidance_persons
-- 回避人员; found by the exact name (its keyed hash) only.
SELECT id, name_enc, id_card_hash IS NOT NULL AS by_card, reason, created_at FROM avoidance
WHERE activity = %(activity)s AND unit IS NULL AND (%(name_hash)s::bytea IS NULL OR name_hash = %(name_hash)s)
ORDER BY id LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_avoidance_persons
-- How many there are on all pages.
SELECT count(*) FROM avoidance WHERE activity = %(activity)s AND unit IS NULL
  AND (%(name_hash)s::bytea IS NULL OR name_hash = %(name_hash)s);

-- name: insert_avoidance_unit
-- 回避单位, with its code.
INSERT INTO avoidance (activity, unit, code, reason, fixed) VALUES (%(activity)s, %(unit)s, %(code)s, %(reason)s, %(fixed)s);

-- name: avoided_already
-- Whether this unit is there already, however it is written.
SELECT EXISTS (SELECT FROM avoidance WHERE activity = %(activity)s AND normal_unit(unit) = normal_unit(%(unit)s));

-- name: person_avoided_already
-- Whether this person is there already, by the same 证件号, or by the same name where both have none.
SELECT EXISTS (SELECT FROM avoidance WHERE activity = %(activity)s AND unit IS NULL AND (
  id_card_hash = %(id_card_hash)s::bytea
  OR %(id_card_hash)s::bytea IS NULL AND id_card_hash IS NULL AND name_hash = %(name_hash)s::bytea));

-- name: delete_avoidance
-- An entry that a person made; the fixed ones stay (B2).
DELETE FROM avoidance WHERE activity = %(activity)s AND id = %(id)s AND NOT fixed RETURNING coalesce(unit, '回避人员');

-- name: submit_review
-- An application.
INSERT INTO review (activity, matter, company, company_name, applicant, reason, terminal)
VALUES (%(activity)s, %(matter)s, %(company)s, %(company_name)s, %(applicant)s, %(reason)s, %(terminal)s);

-- name: withdraw_review
-- 撤回, until it is decided.
UPDATE review SET withdrawn_at = clock_timestamp()
WHERE activity = %(activity)s AND decided_at IS NULL AND withdrawn_at IS NULL;

-- name: decide_review
-- The terminal's decision on the application that was looked at, once.
UPDATE review SET decided_at = clock_timestamp(), passed = %(passed)s, remark = %(remark)s, reviewer = %(reviewer)s
WHERE activity = %(activity)s AND id = %(application)s AND decided_at IS NULL AND withdrawn_at IS NULL;

-- name: reviews
-- 审核记录 of an activity, the newest first.
SELECT id, matter, company_name, applicant, reason, terminal, submitted_at, withdrawn_at, decided_at, passed, remark, reviewer
FROM review WHERE activity = %(activity)s ORDER BY id DESC;

-- name: rejections
-- Why the last application of each of these activities was rejected; nothing for one that was not.
SELECT DISTINCT ON (r.activity) r.activity, r.remark FROM review r
WHERE r.activity = ANY(%(activities)s::text[]) AND r.passed = false ORDER BY r.activity, r.id DESC;

-- name: review_queue
-- What waits for a terminal's decision, the nearest evaluation first.
SELECT r.id, r.activity, r.matter, r.company_name, r.applicant, r.terminal, r.submitted_at, a.name, a.seats, a.evaluation_start
FROM review r JOIN activity a ON a.id = r.activity
WHERE r.decided_at IS NULL AND r.withdrawn_at IS NULL AND (%(terminal)s = '' OR r.terminal = %(terminal)s)
ORDER BY a.evaluation_start, r.id LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_review_queue
-- How many wait.
SELECT count(*) FROM review r
WHERE r.decided_at IS NULL AND r.withdrawn_at IS NULL AND (%(terminal)s = '' OR r.terminal = %(terminal)s);

-- name: last_change
-- The last line of 操作记录 about an activity: nobody changes a draft without one.
SELECT max(id) FROM operation WHERE activity = %(activity)s;

-- name: operations
-- 操作记录, with the company for which a clerk acted.
SELECT p.id, p.act, p.at, p.actor, p.role, p.remark, o.company_name
FROM operation p LEFT JOIN activity_owner o ON o.activity = p.activity
WHERE p.activity = %(activity)s ORDER BY p.id DESC LIMIT 200;

-- name: activities
-- A page of 抽取活动列表, the newest first: the page is found before anything is counted for its rows. Filters compare columns as they
-- are: of an expression the planner knows no statistics, and takes nearly all activities for nearly none.
WITH page AS (
  SELECT a.id FROM activity a LEFT JOIN activity_owner o ON o.activity = a.id LEFT JOIN project p ON p.id = a.project
  WHERE a.deleted_at IS NULL
    AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
    AND (%(witness)s::text IS NULL
      OR a.id = ANY(ARRAY(SELECT w.activity FROM witnessed w WHERE w.person = %(witness)s)))
    AND (%(drafts)s OR a.state <> 'draft')
    AND (%(terminal)s::text IS NULL OR a.terminal = %(terminal)s OR a.terminal IS NULL)
    AND (%(name)s = '' OR strpos(a.name_form, %(name)s) > 0)
    AND (%(number)s = '' OR strpos(a.id, upper(%(number)s)) > 0)
    AND (%(project_name)s = '' OR strpos(p.name_form, %(project_name)s) > 0)
    AND (%(project_code)s = '' OR strpos(p.code_form, %(project_code)s) > 0)
    AND (%(source)s = '' OR a.source = %(source)s) AND (%(state)s = '' OR a.state = nullif(%(state)s, '')::activity_state)
    AND (%(kind)s = '' OR a.kind = nullif(%(kind)s, '')::activity_kind)
    AND (%(region)s = '' OR p.region LIKE %(region)s || '%%' OR p.region IS NULL AND a.district LIKE %(region)s || '%%')
  ORDER BY a.created_at DESC, a.id DESC LIMIT %(limit)s OFFSET %(offset)s)
SELECT a.id, a.name, a.kind::text AS kind, a.state::text AS state, a.seats, a.started_at, a.created_at,
       coalesce(p.region, a.district) AS region, o.handler, o.handler_name,
       coalesce(p.name, (SELECT min(l.project) FROM activity_lot x JOIN lot l ON l.id = x.lot WHERE x.activity = a.id)) AS project,
       p.code AS project_code, p.tenderer,
       (SELECT count(*) FROM pick k WHERE k.activity = a.id AND k.outcome = 'accepted') AS agreed,
       CASE WHEN a.state = 'draft' THEN (SELECT max(w.id) FROM operation w WHERE w.activity = a.id) END AS last_change
FROM page JOIN activity a ON a.id = page.id LEFT JOIN activity_owner o ON o.activity = a.id LEFT JOIN project p ON p.id = a.project
ORDER BY a.created_at DESC, a.id DESC;

-- name: count_activities
-- 项目数量: how many there are on all pages.
SELECT count(*)
FROM activity a LEFT JOIN activity_owner o ON o.activity = a.id LEFT JOIN project p ON p.id = a.project
WHERE a.deleted_at IS NULL
  AND (%(company)s::text IS NULL OR o.company = %(company)s) AND (%(handler)s::text IS NULL OR o.handler = %(handler)s)
  AND (%(witness)s::text IS NULL
    OR a.id = ANY(ARRAY(SELECT w.activity FROM witnessed w WHERE w.person = %(witness)s)))
  AND (%(drafts)s OR a.state <> 'draft')
  AND (%(terminal)s::text IS NULL OR a.terminal = %(terminal)s OR a.terminal IS NULL)
  AND (%(name)s = '' OR strpos(a.name_form, %(name)s) > 0)
  AND (%(number)s = '' OR strpos(a.id, upper(%(number)s)) > 0)
  AND (%(project_name)s = '' OR strpos(p.name_form, %(project_name)s) > 0)
  AND (%(project_code)s = '' OR strpos(p.code_form, %(project_code)s) > 0)
  AND (%(source)s = '' OR a.source = %(source)s) AND (%(state)s = '' OR a.state = nullif(%(state)s, '')::activity_state)
  AND (%(kind)s = '' OR a.kind = nullif(%(kind)s, '')::activity_kind)
  AND (%(region)s = '' OR p.region LIKE %(region)s || '%%' OR p.region IS NULL AND a.district LIKE %(region)s || '%%');

-- name: preview_rules
-- The version of the rules by which an activity is previewed.
SELECT rules FROM activity WHERE id = %(activity)s;

-- name: lock_looks
-- One company's looks come one after the other until the transaction ends: each counts all before it.
SELECT pg_advisory_xact_lock(hashtextextended('preview ' || %(company)s, 0));

-- name: next_look
-- When this person may look again, or null for now: an hour after the look that fills the person's or the company's limit.
SELECT max(again) FROM (
  (SELECT at + interval '1 hour' AS again FROM preview
   WHERE person = %(person)s AND band IS NOT NULL AND at > clock_timestamp() - interval '1 hour'
   ORDER BY at DESC OFFSET %(person_hour)s - 1 LIMIT 1)
  UNION ALL
  (SELECT at + interval '1 hour' FROM preview
   WHERE company = %(company)s AND band IS NOT NULL AND at > clock_timestamp() - interval '1 hour'
   ORDER BY at DESC OFFSET %(company_hour)s - 1 LIMIT 1)) AS limits;

-- name: preview_count
-- Up to %(limit)s experts who fit, whatever the activity avoids; drawing.preview puts in what is asked, and of which part of the pool.
SELECT count(*) FROM (
  SELECT FROM expert e /* sampled */
  WHERE true /* asked */ AND NOT e.suspended
  LIMIT %(limit)s) AS found;

-- name: shown_last
-- Whether the last look of this person in this activity was at this condition, and was shown.
SELECT p.band IS NOT NULL AND p.condition = %(condition)s::jsonb FROM preview p
WHERE p.activity = %(activity)s AND p.person = %(person)s ORDER BY p.id DESC LIMIT 1;

-- name: record_preview
-- Every look is recorded, also one that was refused (no band).
INSERT INTO preview (activity, actor, person, company, condition, band)
VALUES (%(activity)s, %(actor)s, %(person)s, %(company)s, %(condition)s::jsonb, %(band)s);

-- name: looks
-- What clerks looked at in this activity, the newest first.
SELECT at, actor, condition, band FROM preview
WHERE activity = %(activity)s AND person IS NOT NULL ORDER BY id DESC LIMIT %(limit)s;

-- name: look_numbers
-- How often clerks looked in this activity, shown or refused; and its own clerk in others, also in given up drafts, within 30 days.
SELECT (SELECT count(*) FROM preview p WHERE p.activity = o.activity AND p.person IS NOT NULL AND p.band IS NOT NULL) AS shown,
       (SELECT count(*) FROM preview p WHERE p.activity = o.activity AND p.person IS NOT NULL AND p.band IS NULL) AS refused,
       e.looks AS elsewhere, e.activities
FROM activity_owner o, LATERAL (
  SELECT count(*) AS looks, count(DISTINCT p.activity) AS activities FROM preview p
  WHERE p.person = o.handler AND p.band IS NOT NULL AND p.at > clock_timestamp() - interval '30 days'
    AND p.activity <> o.activity) AS e
WHERE o.activity = %(activity)s;

-- name: next_attachment
-- The id of an attachment that is still to be sealed: it is sealed for its row.
SELECT nextval(pg_get_serial_sequence('attachment', 'id'));

-- name: insert_attachment
-- An attachment; 0 rows when the same file is there.
INSERT INTO attachment (id, activity, name, size, sha256, data_enc, by) OVERRIDING SYSTEM VALUE
VALUES (%(id)s, %(activity)s, %(name)s, %(size)s, %(sha256)s, %(data_enc)s, %(by)s) ON CONFLICT DO NOTHING;

-- name: delete_attachment
-- Remove one; its name.
DELETE FROM attachment WHERE activity = %(activity)s AND id = %(id)s RETURNING name;

-- name: attachments
-- All of an activity's, in the order in which they came.
SELECT id, name, size, sha256, by, added_at FROM attachment WHERE activity = %(activity)s ORDER BY id;

-- name: attachment
-- One of them with its sealed content.
SELECT name, data_enc FROM attachment WHERE activity = %(activity)s AND id = %(id)s;
