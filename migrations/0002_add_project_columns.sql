-- The dashboard's schema 1.1: image and health check of a project. Its two UPDATEs are examples, not rules, and are left
-- out. The CHECK comes with a tool that the next migration uses too: a rule which existing rows break must not be added,
-- because even NOT VALID refuses every later update of such a row.

ALTER TABLE public.projects ADD COLUMN IF NOT EXISTS docker_image VARCHAR(255);
ALTER TABLE public.projects ADD COLUMN IF NOT EXISTS health_check_url VARCHAR(500);

CREATE INDEX IF NOT EXISTS idx_projects_docker_image ON public.projects (docker_image);

-- Adds a CHECK on one column, or records who breaks it; returns the number of offending rows, 0 when it stands.
CREATE FUNCTION techops.add_check(wanted_table regclass, wanted_name text, checked_column text, condition text)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bad bigint;
    examples jsonb;
BEGIN
    DELETE FROM techops.skipped_checks WHERE constraint_name = wanted_name;
    IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = wanted_table AND conname = wanted_name) THEN
        RETURN 0;
    END IF;
    FOR attempt IN 1..2 LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE NOT (%s)', wanted_table, condition) INTO bad;
        IF bad = 0 THEN
            BEGIN
                EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s)', wanted_table, wanted_name, condition);
                RETURN 0;
            EXCEPTION WHEN check_violation THEN
                CONTINUE; -- written by the dashboard between the count and the lock: count again
            END;
        END IF;
        EXECUTE format(
            'SELECT jsonb_agg(jsonb_build_object(''id'', id, ''value'', value) ORDER BY id)'
            ' FROM (SELECT id, %I AS value FROM %s WHERE NOT (%s) ORDER BY id LIMIT 20) AS offending',
            checked_column, wanted_table, condition
        ) INTO examples;
        INSERT INTO techops.skipped_checks (constraint_name, table_name, column_name, definition, offenders, sample)
        VALUES (wanted_name, wanted_table::text, checked_column, condition, bad, COALESCE(examples, '[]'));
        RETURN bad;
    END LOOP;
    RAISE EXCEPTION 'rows that break % come and go while it is added; run the migration again', wanted_name
        USING ERRCODE = 'lock_not_available';
END
$$;
REVOKE ALL ON FUNCTION techops.add_check(regclass, text, text, text) FROM PUBLIC;

SELECT techops.add_check(
    'public.projects', 'chk_docker_image_format', 'docker_image', 'docker_image ~ ''^[a-z0-9._/-]+:[a-z0-9._-]+$'''
);
