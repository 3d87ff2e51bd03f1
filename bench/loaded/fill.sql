-- What bench/console.py fills in besides the experts: whole tables at once. `made` has a row per activity: n from 0, project,
-- id, state, at (when), side (which clerk); `clerk` one per side.

-- name: made
-- The activities to be: 30 drawing, 30 ready, 40 drafts, 40 submitted, the rest over; 100 a day.
CREATE TEMP TABLE made AS SELECT n, 1 + n / 5 AS project,
       'CQSQ' || to_char(now() - make_interval(days => n / 100), 'YYYYMMDD') || lpad((n %% 100 + 1)::text, 4, '0') AS id,
       (ARRAY['drawing', 'ready', 'draft', 'submitted', 'short', 'completed', 'ended'])
         [CASE WHEN n < 30 THEN 1 WHEN n < 60 THEN 2 WHEN n < 100 THEN 3 WHEN n < 140 THEN 4 WHEN n %% 20 = 0 THEN 5
               WHEN n %% 10 = 1 THEN 7 ELSE 6 END] AS state,
       now() - make_interval(hours => n * 24 / 100) AS at, n %% 2 AS side
FROM generate_series(0, %(activities)s - 1) AS n;

-- name: projects
-- Projects: 5 activities each, and two that nothing is drawn for.
INSERT INTO project (company, handler, handler_name, name, code, kind, region, funding, method, tenderer_kind,
                     investment, tenderer, tenderer_code, contact_phone, contact)
SELECT c.company, c.handler, c.handler_name, '招标代理演示项目' || p, 'GD2026-' || p, 'A', '440100', '1', '1', '1', 1200,
       c.company_name, c.company, '02083186888', '张工'
FROM generate_series(1, %(activities)s / 5 + 2) AS p JOIN clerk c ON c.side = p %% 2 ORDER BY p;

-- name: lots
-- Lots.
INSERT INTO lot (id, project, name, of_project, code, project_keys, code_key)
SELECT 'L-' || n, '招标代理演示项目' || m.project, (n %% 5 + 1) || '标段', m.project, 'B' || n, ARRAY['id:' || m.project], 'B' || n FROM made m;

-- name: activities
-- Activities.
INSERT INTO activity (id, name, state, seats, district, bid_opening, evaluation_start, evaluation_end, rules, key_enc,
                      created_at, started_at, project)
SELECT id, '招标代理演示项目' || project || '(' || (n %% 5 + 1) || '标段)', state::activity_state, 5, '440100',
       at + interval '1 day', at + interval '26 hours', at + interval '30 hours', 'bench-3', key_enc, at,
       CASE WHEN state IN ('draft', 'submitted', 'ready') THEN NULL ELSE at + interval '5 minutes' END, project
FROM made JOIN sealed USING (id);

-- name: activity_lots
-- Which lot.
INSERT INTO activity_lot SELECT id, 'L-' || n FROM made;

-- name: owners
-- Whose they are.
INSERT INTO activity_owner SELECT m.id, c.company, c.company_name, c.handler, c.handler_name
FROM made m JOIN clerk c ON c.side = m.project %% 2;

-- name: notices
-- Notices.
INSERT INTO notice (activity, id, venue, district, address, gather_at, contact, contact_phone)
SELECT id, 0, '广东省公共资源交易中心', '440104', '广州市越秀区越华路118号', at + interval '25 hours', '张工', '02083186888'
FROM made;

-- name: conditions
-- Conditions.
INSERT INTO condition (activity, id, position, notice, mode, regions, main, titles, seats)
SELECT id, 'c' || c, c - 1, 0, 'residence', '{440100,440600}', ARRAY[CASE c WHEN 1 THEN 'A08' ELSE 'A01' END], '{副高级}', 4 - c
FROM made, generate_series(1, 2) AS c;

-- name: avoided
-- Units to avoid.
INSERT INTO avoidance (activity, unit, reason, fixed) SELECT id, '广州第' || u * n || '设计院有限公司', '项目业主', u = 1 FROM made, generate_series(1, 3) AS u;

-- name: witnesses
-- Supervisors, as those from before there was a register: each of ten has a tenth.
INSERT INTO witness (no, activity, id, name_enc, phone_enc) OVERRIDING SYSTEM VALUE
SELECT s.witness, m.id, 'supervisor-' || (n + 5) %% 10 + 1, s.name_enc, s.phone_enc
FROM sealed s JOIN made m USING (id);

-- name: reviews
-- Applications, three of four to the province's terminal.
INSERT INTO review (activity, matter, company, company_name, applicant, reason, terminal, submitted_at, decided_at, passed)
SELECT m.id, '抽取申请', c.company, c.company_name, c.handler_name, '项目需要', CASE m.project %% 4 WHEN 3 THEN '440100' ELSE '440000' END, m.at,
       CASE m.state WHEN 'submitted' THEN NULL ELSE m.at + interval '2 minutes' END,
       CASE m.state WHEN 'submitted' THEN NULL ELSE true END
FROM made m JOIN clerk c ON c.side = m.project %% 2 WHERE m.state <> 'draft';

-- name: draws
-- Commits; what is over was opened when its time had come.
INSERT INTO draw (activity, no, commit_hash, system_share_enc, pool_key_enc, pool_size, committed_at, witnessed_at, sealed_at, unsealed_at)
SELECT id, 1, decode(md5(id), 'hex'), share_enc, pool_key_enc, 1000000, at + interval '6 minutes',
       at + interval '8 minutes', CASE state WHEN 'drawing' THEN NULL ELSE at + interval '1 hour' END,
       CASE WHEN state IN ('completed', 'ended') AND at < now() - interval '27 hours' THEN at + interval '26 hours' END
FROM made JOIN sealed USING (id) WHERE state NOT IN ('draft', 'submitted', 'ready');

-- name: picks
-- Picks: 10 each, 5 of them agreed.
INSERT INTO pick (activity, draw, condition, seat, expert, pseudonym, units, rank, code, outcome, picked_at, decided_at)
SELECT m.id, 1, 'c' || (1 + k / 5), 1 + k %% 5, 1 + (m.n * 89 + k * 7919) %% %(experts)s, md5(m.id || k), '{}', k + 1,
       lpad((k * 137 + 1)::text, 6, '0'),
       (CASE WHEN k IN (2, 4, 5, 7, 8) THEN 'declined' ELSE 'accepted' END)::pick_outcome,
       m.at + interval '9 minutes', m.at + interval '11 minutes'
FROM made m, generate_series(0, 9) AS k WHERE m.state NOT IN ('draft', 'submitted', 'ready');

-- name: calls
-- Calls: 2 for each pick.
INSERT INTO call (id, flow, activity, pick, expert, attempt, state, node, epoch, dialled_at, outcome, decided_at, ended_at)
SELECT 'el' || md5(p.id::text || '-' || a), 'invitation', p.activity, p.id, p.expert, a, 'ended', 'node', 1, p.picked_at,
       (CASE WHEN a = 1 THEN 'no_answer' ELSE p.outcome::text END)::call_outcome, p.decided_at, p.decided_at
FROM pick p, generate_series(1, 2) AS a;

-- name: transcripts
-- Transcripts: 26 entries.
INSERT INTO transcript (activity, seq, at, type, body, prev, hash, sig)
SELECT m.id, s, to_char((m.at + make_interval(secs => 360 + s * 20)) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+08:00"'),
       CASE s WHEN 0 THEN 'commit' WHEN 1 THEN 'witness' WHEN 24 THEN 'complete' WHEN 25 THEN 'seal'
              ELSE (ARRAY['pick', 'attempt', 'outcome'])[1 + s %% 3] END,
       '{}', decode(md5('a'), 'hex'), decode(md5(m.id || s), 'hex'), decode(md5('b'), 'hex')
FROM made m, generate_series(0, 25) AS s
WHERE m.state NOT IN ('draft', 'submitted', 'ready') AND (m.state <> 'drawing' OR s < 20);

-- name: operations
-- What was done: 5 acts each.
INSERT INTO operation (at, actor, role, act, activity)
SELECT m.at + make_interval(mins => o), c.handler_name || '（' || c.handler || '）', 'handler',
       (ARRAY['新建抽取', '提交审核', '核验通过', '启动抽取', '打印结果'])[o], m.id
FROM made m JOIN clerk c ON c.side = m.project %% 2, generate_series(1, 5) AS o;

-- name: operation_chain
-- The places of those in the chain; no page recomputes its hashes.
INSERT INTO operation_chain (seq, operation, prev, hash)
SELECT row_number() OVER (ORDER BY id) - 1, id, sha256(id::text::bytea), sha256((id + 1)::text::bytea) FROM operation;

-- name: imports
-- Imports.
INSERT INTO pool_job (file_name, size, sha256, encoding, state, rows_read, rows_total, bad_rows, by, started_at, ended_at)
SELECT '专家' || n || '.xlsx', 1000000, repeat('0', 64), 'utf-8',
       (CASE WHEN n %% 3 = 0 THEN 'refused' ELSE 'done' END)::pool_job_state, 5000, 5000, 100, '吴管理',
       now() - interval '1 hour', now()
FROM generate_series(1, 300) AS n;

-- name: faults
-- Faults of the last import.
INSERT INTO pool_problem SELECT 300, n, n + 1, '手机号码', '应为 11 位内地手机号，以 13 至 19 开头，现为 138*****00（10 个字符）'
FROM generate_series(1, 100000) AS n;

-- name: trunks
-- Two trunks.
INSERT INTO trunk (node, name, position, online) VALUES ('node', 'trunk-1', 1, true), ('node', 'trunk-2', 2, false);

-- name: number_faults
-- Numbers that need attention: one for each 20 activities.
INSERT INTO number_fault (call, expert, activity, draw, fault)
SELECT DISTINCT ON (p.activity) 'el' || md5(p.id::text || '-1'), p.expert, p.activity, 1, 'invalid_number'
FROM made m JOIN pick p ON p.activity = m.id WHERE m.n %% 20 = 2 ORDER BY p.activity, p.id;

-- name: places
-- What stands in the addresses of pages besides activities: a project, one that nothing is drawn for, a row of the operation log, an
-- import, an expert whose number needs attention, a supervisor.
SELECT '2' AS project, (SELECT max(id) FROM project WHERE id %% 2 = 0 AND id > %(activities)s / 5)::text AS free,
       (SELECT max(id) FROM operation)::text AS operation, '300' AS job,
       (SELECT min(expert) FROM number_fault_open)::text AS faulty, (SELECT min(id) FROM supervisor)::text AS supervisor;
