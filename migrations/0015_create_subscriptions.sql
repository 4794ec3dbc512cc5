-- no-transaction
-- What a channel wants to hear of, and which digests it has had. Every statement can be run again after an interruption.

-- Cards of maintenance and deployments, reports of database care and late urgent requests (reminders) come as they happen;
-- a digest comes at a local time on its days (1, Monday, to 7).
CREATE TABLE IF NOT EXISTS techops.subscriptions (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('maintenance', 'deployments', 'digest', 'database', 'reminders')),
    project_id integer REFERENCES public.projects (id) ON DELETE CASCADE,
    cadence text CHECK (cadence IN ('daily', 'weekly')),
    at time,
    tz text,
    days smallint[] CHECK (cardinality(days) BETWEEN 1 AND 7 AND days <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]),
    created_by integer REFERENCES public.users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    paused_at timestamptz,
    paused_reason text,
    UNIQUE NULLS NOT DISTINCT (channel_id, kind, project_id, cadence),
    CHECK (kind <> 'digest' OR (cadence IS NOT NULL AND at IS NOT NULL AND tz IS NOT NULL AND days IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS subscriptions_kind_idx ON techops.subscriptions (kind, project_id);
CREATE INDEX IF NOT EXISTS subscriptions_project_idx ON techops.subscriptions (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS subscriptions_created_by_idx ON techops.subscriptions (created_by);

-- One row a subscription and local day: whoever inserts it sends. A digest tells of what was after the one before.
CREATE TABLE IF NOT EXISTS techops.digests_sent (
    subscription_id integer NOT NULL REFERENCES techops.subscriptions (id) ON DELETE CASCADE,
    day date NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (subscription_id, day)
);

-- On record, like everything else; nothing of it is posted.
CREATE OR REPLACE TRIGGER techops_record_insert AFTER INSERT ON techops.subscriptions
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('subscription');
CREATE OR REPLACE TRIGGER techops_record_update AFTER UPDATE ON techops.subscriptions
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('subscription');
CREATE OR REPLACE TRIGGER techops_record_delete AFTER DELETE ON techops.subscriptions
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_delete('subscription');

-- What was opened, closed and worked since the last digest stands at the end of tables that keep everything. Built beside
-- the dashboard's traffic; an index that an interrupted run left invalid is dropped first.
DO $$
DECLARE
    broken text;
BEGIN
    FOR broken IN
        SELECT i.indexrelid::regclass::text
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid
            AND c.relname IN ('idx_maintenance_created_at', 'idx_maintenance_history_closed', 'idx_work_logs_created_at')
    LOOP
        EXECUTE 'DROP INDEX ' || broken;
    END LOOP;
END
$$;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_maintenance_created_at ON public.maintenance_requests (created_at);

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_maintenance_history_closed
    ON public.maintenance_status_history (created_at)
    WHERE new_status IN ('completed', 'cancelled');

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_work_logs_created_at ON public.maintenance_work_logs (created_at);

-- An attempt that lost its patience leaves an invalid index behind, which the next attempt takes for the real one.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_index AS i
        WHERE NOT i.indisvalid
            AND i.indexrelid::regclass::text ~ 'idx_(maintenance_created_at|maintenance_history_closed|work_logs_created_at)'
    ) THEN
        RAISE EXCEPTION 'An index could not be finished because long transactions were in its way. Run the migration again.';
    END IF;
END
$$;
