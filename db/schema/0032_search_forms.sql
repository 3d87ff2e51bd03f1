-- What is looked for, and what is compared, goes by one normal form (drawing/normal_forms.py), also for rows that were written before
-- there was one: ２０２６（ＭＡ） is found by 2026(ma).

-- normal_unit for columns: cheap for what most titles and codes consist of. It names its schema, which it would not find while a
-- dump is restored.
CREATE FUNCTION search_form(written text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
  SELECT CASE WHEN written COLLATE "C" ~ '^[〇㐀-䶿一-鿿A-Za-z0-9()（） 、，。：；/.,:;·#+&-]*$'
    THEN translate(written, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ（），：； ', 'abcdefghijklmnopqrstuvwxyz(),:;') ELSE normal_unit(written) END
$$;

-- drawing.normal_forms.code_form: of a number or code letters and digits count, not what groups them.
CREATE FUNCTION code_form(written text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
  SELECT translate(search_form(written), '-_/.·,:#()', '')
$$;

ALTER TABLE project
  ADD COLUMN name_form text GENERATED ALWAYS AS (search_form(name)) STORED,
  ADD COLUMN code_form text GENERATED ALWAYS AS (code_form(code)) STORED,
  ADD COLUMN investment_code_form text GENERATED ALWAYS AS (code_form(investment_code)) STORED;
ALTER TABLE activity ADD COLUMN name_form text GENERATED ALWAYS AS (search_form(name)) STORED;
-- hash: a name may be longer than a row of a B-tree holds
CREATE INDEX project_of_name ON project USING hash (name_form);
CREATE INDEX project_of_code ON project USING hash (code_form);
CREATE INDEX project_of_investment_code ON project USING hash (investment_code_form);
