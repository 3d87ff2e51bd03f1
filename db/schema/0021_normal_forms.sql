-- One normal form of names (drawing/normal_forms.py), and 标段 that may be the same as others that were drawn for.

-- === units' names ============================================================================================

-- drawing.signs.PUNCTUATION, then NFKC, then drawing.signs.FOLD, `_xHHHH_` undone, drawing.signs.UNSEEN removed, until nothing
-- changes. A test compares it with drawing.normal_forms.normal_unit over every code point.
CREATE FUNCTION folded_unit(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  folded text := name;
  before text;
  code text;
BEGIN
  LOOP
    before := folded;
    folded := translate(folded,
      '[]`{}«´»ʼ˙·᛫‐‑‒–—―‘’‚‛“”„‟•‧′⁃−∙⋅─▪●◦⚫⦁⸱⸺⸻〈〉《》「」『』【】〔〕〖〗〘〙・ㆍꞏ･',
      '()''()"''"''···------''''''''""""··''--··-······--""""""""()()()()····');
    folded := translate(normalize(folded, NFKC),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ[]`{}«´µ»ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽſƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎʼ˙ͰͲͶͿΆ·ΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫςϏϐϑϕϖϘϚϜϞϠϢϤϦϨϪϬϮϰϱϴϵϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ᛫‐‑‒–—―‘’‚‛“”„‟•‧′⁃−∙⋅─▪●◦⚫⦁⸱⸺⸻⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲〈〉《》「」『』【】〔〕〖〗〘〙・ㆍꞏ･',
      'abcdefghijklmnopqrstuvwxyz()''()"''μ"àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžsɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏ''·ͱͳͷϳά·έήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋσϗβθφπϙϛϝϟϡϣϥϧϩϫϭϯκρθεϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯ·------''''''''""""··''--··-······--厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀""""""""()()()()···𠂇𠂉𠃌龴龵龶龷𡗗龸𢦏龹龺𤇾龻·');
    LOOP
      code := substring(folded FROM '_[xX][0-9A-Fa-f]{4}_');
      EXIT WHEN code IS NULL;
      folded := overlay(folded PLACING CASE -- NUL and halves of surrogate pairs are no characters
        WHEN code ~* '^_x(0000|d[89a-f]..)_$' THEN ''
        ELSE chr(('x' || substr(code, 3, 4))::bit(16)::int) END FROM strpos(folded, code) FOR 7);
    END LOOP;
    folded := regexp_replace(folded, '[\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u2800\u3000\u0001-\u0008\u000E-\u001B\u007F-\u0084\u0086-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]+', '', 'g');
    EXIT WHEN folded COLLATE "C" = before COLLATE "C";
  END LOOP;
  RETURN folded;
END $$;

-- The same, cheap for what most names consist of; no FROM, so that it is inlined.
CREATE OR REPLACE FUNCTION normal_unit(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN name COLLATE "C" ~ '^[〇㐀-䶿一-鿿A-Za-z0-9()（）]*$'
    THEN translate(name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ（）', 'abcdefghijklmnopqrstuvwxyz()') ELSE folded_unit(name) END
$$;

-- === names hashed by their normal form =======================================================================

-- How far the hashes from before there was a normal form have been brought up to date (drawing.experts.rehash): rows up to `last`
-- were there then; later ones are right from the start.
CREATE TABLE normal_form_progress (
  what text PRIMARY KEY CHECK (what IN ('expert', 'avoidance')),
  last bigint NOT NULL,
  up_to bigint NOT NULL DEFAULT 0,
  CONSTRAINT no_further_than_last CHECK (up_to <= last)
);
INSERT INTO normal_form_progress (what, last)
  SELECT 'expert', coalesce(max(id), 0) FROM expert UNION ALL SELECT 'avoidance', coalesce(max(id), 0) FROM avoidance;
GRANT SELECT, UPDATE ON normal_form_progress TO expertline_service;

-- === 标段 that may be the same ================================================================================

-- By what drawing.same_lot finds those to compare; null until drawing.experts.rehash or whoever writes the row has filled them in.
ALTER TABLE lot
  ADD COLUMN project_keys text[],            -- what its project is known by; two of one project share one
  ADD COLUMN code_key text;                  -- the normal form of 标段编号
CREATE INDEX lot_by_project ON lot USING gin (project_keys) WITH (fastupdate = off);
CREATE INDEX lot_by_code ON lot (code_key) WHERE length(code_key) >= 10; -- same_lot.LONG_CODE
CREATE INDEX lot_without_keys ON lot (id) WHERE project_keys IS NULL;

CREATE TABLE another_lot ( -- a 标段 that looks like one drawn for before: why the reviewer takes it for another
  activity text NOT NULL REFERENCES activity,
  lot text NOT NULL REFERENCES lot,
  reason text NOT NULL CHECK (length(reason) BETWEEN 4 AND 200),
  seen text[] NOT NULL,                      -- the activities that the reviewer was shown
  reviewer text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (activity, lot)
);
GRANT SELECT, INSERT, DELETE ON another_lot TO expertline_service;

CREATE FUNCTION drawn_for(lot text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM activity_lot x JOIN activity a ON a.id = x.activity WHERE x.lot = $1 AND a.started_at IS NOT NULL)
$$;

-- prevents renaming a 标段 that was drawn for, so that it looks like another
CREATE FUNCTION keep_drawn_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.project_keys IS NULL THEN -- filled in once
      NEW.project_keys := coalesce(NEW.project_keys, OLD.project_keys);
      OLD.project_keys := NEW.project_keys;
      OLD.code_key := NEW.code_key;
    END IF;
    IF NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
  END IF;
  IF drawn_for(OLD.id) THEN
    RAISE EXCEPTION 'lot % was drawn for', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_drawn_lot BEFORE UPDATE OR DELETE ON lot FOR EACH ROW EXECUTE FUNCTION keep_drawn_lot();

CREATE FUNCTION keep_drawn_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.name, NEW.code, NEW.tenderer) IS DISTINCT FROM (OLD.name, OLD.code, OLD.tenderer)
    AND EXISTS (SELECT FROM lot l WHERE l.of_project = OLD.id AND drawn_for(l.id))
  THEN
    RAISE EXCEPTION 'project % was drawn for', OLD.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_drawn_project BEFORE UPDATE ON project FOR EACH ROW EXECUTE FUNCTION keep_drawn_project();

-- prevents a started activity from drawing for another 标段 than was reviewed, or its explanation from changing
CREATE FUNCTION keep_started() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of text := CASE TG_OP WHEN 'DELETE' THEN OLD.activity ELSE NEW.activity END;
BEGIN
  IF EXISTS (SELECT FROM activity a WHERE a.started_at IS NOT NULL
             AND (a.id = of OR TG_OP = 'UPDATE' AND a.id = OLD.activity)) THEN
    RAISE EXCEPTION '% of activity % are fixed once the draw has started', TG_TABLE_NAME, of USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_started BEFORE INSERT OR UPDATE OR DELETE ON activity_lot FOR EACH ROW EXECUTE FUNCTION keep_started();
CREATE TRIGGER keep_started BEFORE INSERT OR UPDATE OR DELETE ON another_lot FOR EACH ROW EXECUTE FUNCTION keep_started();
