-- no-transaction
-- What runs where, and the newest deployment of each environment, are one descent each however many deployments there are.
-- Built beside the dashboard's traffic; an index that an interrupted run left invalid is dropped first, since IF NOT
-- EXISTS would keep it.

DO $$
DECLARE
    broken text;
BEGIN
    FOR broken IN
        SELECT i.indexrelid::regclass::text
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND i.indrelid = 'public.deployments'::regclass
            AND c.relname IN ('idx_deployments_running', 'idx_deployments_place')
    LOOP
        EXECUTE 'DROP INDEX ' || broken;
    END LOOP;
END
$$;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_deployments_running
    ON public.deployments (project_id, environment, deployed_at DESC NULLS LAST, id DESC)
    WHERE status = 'success';

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_deployments_place
    ON public.deployments (project_id, environment, id);

-- An attempt that lost its patience leaves an invalid index behind, which the next attempt takes for the real one.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_index AS i
        WHERE NOT i.indisvalid AND i.indrelid = 'public.deployments'::regclass
            AND i.indexrelid::regclass::text ~ 'idx_deployments_(running|place)'
    ) THEN
        RAISE EXCEPTION 'An index could not be finished because long transactions were in its way. Run the migration again.';
    END IF;
END
$$;
