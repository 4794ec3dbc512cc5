-- no-transaction
-- Lists of what is not done yet read a few rows of a table that keeps everything. Partial indexes hold only those rows, in
-- the order in which they are shown, and cost the dashboard's writes little. Built beside its traffic; an index that an
-- interrupted run left invalid is dropped first, since IF NOT EXISTS would keep it.

DO $$
DECLARE
    broken text;
BEGIN
    FOR broken IN
        SELECT i.indexrelid::regclass::text
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND i.indrelid = 'public.maintenance_requests'::regclass
            AND c.relname IN ('idx_maintenance_open_due', 'idx_maintenance_open_assignee', 'idx_maintenance_open_requester')
    LOOP
        EXECUTE 'DROP INDEX ' || broken;
    END LOOP;
END
$$;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_maintenance_open_due
    ON public.maintenance_requests (coalesce(due_date, 'infinity'::timestamp), id)
    WHERE status IN ('open', 'in_progress');

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_maintenance_open_assignee
    ON public.maintenance_requests (assigned_to, coalesce(due_date, 'infinity'::timestamp), id)
    WHERE status IN ('open', 'in_progress');

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_maintenance_open_requester
    ON public.maintenance_requests (requested_by, coalesce(due_date, 'infinity'::timestamp), id)
    WHERE status IN ('open', 'in_progress');

-- An attempt that lost its patience leaves an invalid index behind, which the next attempt takes for the real one.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_index AS i
        WHERE NOT i.indisvalid AND i.indrelid = 'public.maintenance_requests'::regclass
            AND i.indexrelid::regclass::text LIKE '%idx_maintenance_open_%'
    ) THEN
        RAISE EXCEPTION 'An index could not be finished because long transactions were in its way. Run the migration again.';
    END IF;
END
$$;
