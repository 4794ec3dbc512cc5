-- no-transaction
-- Statistics read what finished in the last months, never the rest, and need five columns of it: with them in the index the
-- table itself is not read. That index is not partial: where its predicate implied the condition on the status, servers
-- before 18 would drop the condition, and with it the way to the first row. What has no deployed_at counts at created_at;
-- its index is empty where every writer fills deployed_at. Built beside the dashboard's traffic; an index that an
-- interrupted run left invalid is dropped first, since IF NOT EXISTS would keep it.

DO $$
DECLARE
    broken text;
BEGIN
    FOR broken IN
        SELECT i.indexrelid::regclass::text
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid
            AND i.indrelid IN ('public.deployments'::regclass, 'techops.approvals'::regclass)
            AND c.relname IN ('idx_deployments_finished', 'idx_deployments_untimed', 'approvals_skipped_idx')
    LOOP
        EXECUTE 'DROP INDEX ' || broken;
    END LOOP;
END
$$;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_deployments_finished
    ON public.deployments (status, deployed_at) INCLUDE (project_id, environment, duration, id);

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_deployments_untimed
    ON public.deployments (project_id, environment, created_at) INCLUDE (status, duration, id)
    WHERE deployed_at IS NULL AND status IN ('success', 'failed', 'rolled_back');

CREATE INDEX CONCURRENTLY IF NOT EXISTS approvals_skipped_idx
    ON techops.approvals (subject_id)
    WHERE subject_kind = 'deployment' AND status = 'skipped';

-- An attempt that lost its patience leaves an invalid index behind, which the next attempt takes for the real one.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid
            AND i.indrelid IN ('public.deployments'::regclass, 'techops.approvals'::regclass)
            AND c.relname IN ('idx_deployments_finished', 'idx_deployments_untimed', 'approvals_skipped_idx')
    ) THEN
        RAISE EXCEPTION 'An index could not be finished because long transactions were in its way. Run the migration again.';
    END IF;
END
$$;
