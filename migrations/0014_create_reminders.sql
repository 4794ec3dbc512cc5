-- no-transaction
-- Who was reminded of what, so that nobody is reminded twice; what is put off; and when a person works.
-- Every statement can be run again after an interruption.

-- One row a request, due date and step: before, due, overdue:DAY, snooze:INSTANT, escalated. It is inserted by the
-- transaction that enqueues the message; whoever inserts it sends. user_id is who was to hear of it, NULL for the channel;
-- reached is false where they could not.
CREATE TABLE IF NOT EXISTS techops.reminders_sent (
    request_id integer NOT NULL REFERENCES public.maintenance_requests (id) ON DELETE CASCADE,
    due_at timestamptz NOT NULL,
    step text NOT NULL,
    user_id integer,
    reached boolean NOT NULL DEFAULT true,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, due_at, step)
);
CREATE INDEX IF NOT EXISTS reminders_sent_at_idx ON techops.reminders_sent (sent_at);

-- A person hears nothing of a request before "until", as long as it is due at due_at.
CREATE TABLE IF NOT EXISTS techops.snoozes (
    request_id integer NOT NULL REFERENCES public.maintenance_requests (id) ON DELETE CASCADE,
    user_id integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    due_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, user_id)
);
CREATE INDEX IF NOT EXISTS snoozes_until_idx ON techops.snoozes (until);
CREATE INDEX IF NOT EXISTS snoozes_user_idx ON techops.snoozes (user_id);

-- By the clock of the person's own zone; days are 1 (Monday) to 7. People without a row work 9 to 17, Monday to Friday.
CREATE TABLE IF NOT EXISTS techops.working_hours (
    user_id integer PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    starts_at time NOT NULL,
    ends_at time NOT NULL,
    days smallint[] NOT NULL CHECK (cardinality(days) BETWEEN 1 AND 7 AND days <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]),
    updated_at timestamptz NOT NULL,
    CHECK (ends_at > starts_at)
);

INSERT INTO techops.counters (name) VALUES ('techops_reminders_unreachable_total') ON CONFLICT DO NOTHING;

-- What is urgent, not done and late is few of many; an index that an interrupted run left invalid is dropped first.
DO $$
DECLARE
    broken text;
BEGIN
    FOR broken IN
        SELECT i.indexrelid::regclass::text
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND i.indrelid = 'public.maintenance_requests'::regclass
            AND c.relname = 'idx_maintenance_urgent_due'
    LOOP
        EXECUTE 'DROP INDEX ' || broken;
    END LOOP;
END
$$;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_maintenance_urgent_due
    ON public.maintenance_requests (coalesce(due_date, 'infinity'::timestamp), id)
    WHERE status IN ('open', 'in_progress') AND priority IN ('high', 'critical');

-- An attempt that lost its patience leaves an invalid index behind, which the next attempt takes for the real one.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_index AS i
        WHERE NOT i.indisvalid AND i.indrelid = 'public.maintenance_requests'::regclass
            AND i.indexrelid::regclass::text LIKE '%idx_maintenance_urgent_due'
    ) THEN
        RAISE EXCEPTION 'An index could not be finished because long transactions were in its way. Run the migration again.';
    END IF;
END
$$;
