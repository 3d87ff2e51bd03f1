-- Projects (招标项目), what the wizard of an activity asks for, verification (审核), and the preview of conditions.

CREATE TABLE project ( -- 招标项目; codes are those of drawing/data
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  company text NOT NULL,                     -- whose it is: 统一社会信用代码 of the 招标人 or 代理机构 that entered it
  handler text NOT NULL,                     -- the identity of the 经办人 who entered it
  handler_name text NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  code text NOT NULL DEFAULT '',             -- 招标项目编号
  kind text NOT NULL,
  region text NOT NULL,
  funding text NOT NULL,
  approval text NOT NULL DEFAULT '',
  method text NOT NULL,
  organisation text NOT NULL DEFAULT '',
  tenderer_kind text NOT NULL,
  investment numeric(16, 4) NOT NULL CHECK (investment >= 0), -- 万元
  investment_code text NOT NULL DEFAULT '',
  tenderer text NOT NULL,
  tenderer_code text NOT NULL,
  agency text NOT NULL DEFAULT '',
  agency_code text NOT NULL DEFAULT '',
  contact_phone text NOT NULL,
  contact text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lots_made int NOT NULL DEFAULT 0           -- the number of the last 标段: a number is never given twice
);
CREATE INDEX project_of ON project (company, id DESC);

ALTER TABLE lot
  ADD COLUMN of_project bigint REFERENCES project, -- null: entered without one (before there were projects)
  ADD COLUMN code text NOT NULL DEFAULT '',
  ADD COLUMN investment numeric(16, 4),            -- 万元
  ADD COLUMN whole boolean NOT NULL DEFAULT false; -- the project itself, because it has no 标段
CREATE INDEX lot_of ON lot (of_project);
-- prevents a project from being its own lot twice
CREATE UNIQUE INDEX one_whole_per_project ON lot (of_project) WHERE whole;

ALTER TABLE activity
  ADD COLUMN project bigint REFERENCES project,
  ADD COLUMN source text NOT NULL DEFAULT '省专家库',   -- 活动来源
  ADD COLUMN media text NOT NULL DEFAULT '',            -- 公告发布媒体: code
  ADD COLUMN on_site boolean NOT NULL DEFAULT false,    -- 是否进场项目
  ADD COLUMN drawn_before boolean NOT NULL DEFAULT false, -- 是否已抽取专家
  ADD COLUMN remark text NOT NULL DEFAULT '',
  ADD COLUMN people_enc bytea,                          -- 经办人 and 监督人员 as the clerk entered them, sealed JSON
  ADD COLUMN deleted_at timestamptz;                    -- a draft given up; what was done with it stays in 操作记录
ALTER TABLE avoidance ADD COLUMN code text NOT NULL DEFAULT ''; -- a unit's 统一社会信用代码
CREATE INDEX activity_of_project ON activity (project);
CREATE INDEX activity_of_lot ON activity_lot (lot);
CREATE INDEX operation_of ON operation (activity, id);

CREATE TABLE activity_before ( -- 是否已抽取专家: whose experts are avoided (A5)
  activity text NOT NULL REFERENCES activity,
  earlier text NOT NULL REFERENCES activity,
  PRIMARY KEY (activity, earlier),
  CHECK (activity <> earlier)
);

CREATE TABLE review ( -- 审核: one application of an activity to a terminal
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  activity text NOT NULL REFERENCES activity,
  matter text NOT NULL,                      -- 审核事项
  company text NOT NULL,
  company_name text NOT NULL,                -- 申请单位
  applicant text NOT NULL,
  reason text NOT NULL,                      -- 提交审核原因
  terminal text NOT NULL,                    -- 抽取终端: code
  submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  withdrawn_at timestamptz,
  decided_at timestamptz,
  passed boolean,
  remark text NOT NULL DEFAULT '',           -- the reviewer's reason
  reviewer text NOT NULL DEFAULT '',
  CONSTRAINT decided_or_withdrawn CHECK (decided_at IS NULL OR withdrawn_at IS NULL),
  CONSTRAINT decided_how CHECK ((decided_at IS NULL) = (passed IS NULL))
);
-- prevents two open applications for one activity
CREATE UNIQUE INDEX one_open_review ON review (activity) WHERE decided_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX review_queue ON review (terminal, submitted_at) WHERE decided_at IS NULL AND withdrawn_at IS NULL;

CREATE TABLE preview ( -- 预览: who looked at which condition, and which band was shown (C2)
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  activity text NOT NULL,
  actor text NOT NULL,
  condition jsonb NOT NULL,
  band text NOT NULL
);
CREATE INDEX preview_of ON preview (activity, id);

-- === who fits a condition, without a look at every expert =====================================================

-- Everything a condition may ask for, as terms with a letter for the kind, places and specialties with what lies above
-- them; drawing.preview writes a condition in the same terms, and a test holds both to drawing.eligibility.
CREATE FUNCTION expert_terms(
  residence text, willing text[], specialties text[], title text, qualifications text[], authorities text[]
) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_agg(DISTINCT term) FROM (
    SELECT unnest(ARRAY['r' || left(residence, 4), 'r' || residence, 't' || title]) AS term
    UNION ALL SELECT unnest(ARRAY['w', 'w' || left(code, 4), 'w' || code]) FROM unnest(willing) AS code
    UNION ALL SELECT 's' || left(code, n) FROM unnest(specialties) AS code, unnest(ARRAY[1, 3, 5, 7]) AS n
    UNION ALL SELECT 'q' || name FROM unnest(qualifications) AS name
    UNION ALL SELECT 'a' || name FROM unnest(authorities) AS name
  ) AS terms
$$;
CREATE INDEX expert_by_terms ON expert
  USING gin (expert_terms(residence, willing, specialties, title, qualifications, authorities)) WITH (fastupdate = off);

-- As drawing.pool.normal_unit.
CREATE FUNCTION normal_unit(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(regexp_replace(normalize(name, NFKC), '\s', '', 'g'))
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON preview
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT, UPDATE, DELETE ON project, activity_before TO expertline_service;
GRANT SELECT, INSERT, UPDATE ON review TO expertline_service;
GRANT SELECT, INSERT ON preview TO expertline_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO expertline_service;
