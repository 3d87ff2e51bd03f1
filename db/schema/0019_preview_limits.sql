-- 预览 is limited per person and per company, over all their activities, and the reviewer sees how often somebody looked (C2).

ALTER TABLE preview
  ADD COLUMN person text,                    -- the clerk's identity; null: a reviewer's look, which counts in no limit
  ADD COLUMN company text,                   -- for which the clerk acts: 统一社会信用代码
  ALTER COLUMN band DROP NOT NULL,           -- null: refused, the looks of the hour were used up; nothing was shown
  ADD CONSTRAINT clerk_with_company CHECK ((person IS NULL) = (company IS NULL)), -- prevents a look that only one of the limits counts
  ADD CONSTRAINT only_clerks_are_refused CHECK (band IS NOT NULL OR person IS NOT NULL);
-- The last looks of a person and of a company, without those that showed nothing: a limit reads as many rows as it allows.
CREATE INDEX preview_of_person ON preview (person, at) WHERE band IS NOT NULL;
CREATE INDEX preview_of_company ON preview (company, at) WHERE band IS NOT NULL;
