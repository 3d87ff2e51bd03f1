-- What an import did not read of its file, and how the rows of a refused file stand to the pool.

ALTER TABLE pool_job
  ADD COLUMN left_out text[] NOT NULL DEFAULT '{}',  -- hidden sheets, rows and columns, in Chinese sentences
  ADD COLUMN same_rows int,                  -- rows without a fault whose expert is in the pool just so; null: nobody was known
  ADD COLUMN changed_rows int,               -- … is in the pool, with something different
  ADD COLUMN new_rows int,                   -- … is not in the pool
  -- prevents a count without the others
  ADD CONSTRAINT compared_whole CHECK (num_nulls(same_rows, changed_rows, new_rows) IN (0, 3));

-- Problems used to repeat what stood in a cell, and the ends of numbers; with shifted columns that was somebody's name. What a
-- message holds now is row, column and what is wrong. Those from before lose what they repeat: what stands between quotes, and
-- whatever a mask was made of, which need not have been a number.
UPDATE pool_problem SET reason = CASE
    WHEN reason ~ ' 与第 [0-9]+ 行相同$' THEN substring(reason FROM '与第 [0-9]+ 行相同$')
    WHEN reason LIKE '% 已在专家库中' THEN '已在专家库中'
    WHEN reason LIKE '%*%' THEN '内容有误（原来的说明含有部分内容，已删去）'
    ELSE regexp_replace(reason, '“.*”', '“…”')
  END
WHERE reason LIKE '%“%' OR reason LIKE '%*%' OR reason LIKE '% 与第 %' OR reason LIKE '% 已在专家库中';
UPDATE pool_job SET reason = regexp_replace(reason, '“.*”', '“…”') WHERE reason LIKE '%多出列“%';
