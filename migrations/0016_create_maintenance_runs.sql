-- Care of the database: each run with its steps, what it found, and what the next run compares with. A run's progress
-- is told in Slack like any other record's, from the activity that the triggers below write.

CREATE TABLE techops.maintenance_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The due time of a scheduled run: a job that the queue runs twice finds what it has done before.
    due_key text,
    source text NOT NULL,
    requested_by integer,
    requested_at timestamptz NOT NULL,
    status text NOT NULL CHECK (
        status IN ('queued', 'waiting', 'running', 'succeeded', 'failed', 'cancelled', 'stopped', 'interrupted')
    ),
    waiting_for text,
    started_at timestamptz,
    finished_at timestamptz,
    current_step integer NOT NULL DEFAULT 0,
    total_steps integer NOT NULL,
    role_name text,
    notes jsonb NOT NULL DEFAULT '[]',
    cancel_asked_at timestamptz,
    cancel_asked_by integer,
    request_id integer
);
CREATE UNIQUE INDEX maintenance_runs_running_idx ON techops.maintenance_runs (status) WHERE status = 'running';
CREATE UNIQUE INDEX maintenance_runs_next_idx ON techops.maintenance_runs ((true)) WHERE status IN ('queued', 'waiting');
CREATE INDEX maintenance_runs_due_idx ON techops.maintenance_runs (due_key) WHERE due_key IS NOT NULL;

CREATE TABLE techops.maintenance_steps (
    run_id bigint NOT NULL REFERENCES techops.maintenance_runs (id) ON DELETE CASCADE,
    position integer NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'ok', 'failed', 'skipped')),
    started_at timestamptz,
    finished_at timestamptz,
    duration_ms bigint,
    summary text,
    failures jsonb NOT NULL DEFAULT '[]',
    lines jsonb NOT NULL DEFAULT '[]',
    notes jsonb NOT NULL DEFAULT '[]',
    findings jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (run_id, position)
);

-- What somebody has to put right. One open line a matter, whichever runs have seen it; `request_id` is where it was
-- raised. No key to the request: the dashboard may delete it.
CREATE TABLE techops.care_findings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL,
    step text NOT NULL,
    text text NOT NULL,
    advice text NOT NULL,
    is_urgent boolean NOT NULL,
    request_id integer,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    cleared_at timestamptz
);
CREATE UNIQUE INDEX care_findings_open_idx ON techops.care_findings (key) WHERE cleared_at IS NULL;
CREATE INDEX care_findings_request_idx ON techops.care_findings (request_id) WHERE cleared_at IS NULL;

-- The state of the last run, which the next one compares with.
CREATE TABLE techops.table_sizes (
    table_name text PRIMARY KEY,
    table_bytes bigint NOT NULL,
    index_bytes bigint NOT NULL,
    total_bytes bigint NOT NULL,
    run_id bigint NOT NULL,
    measured_at timestamptz NOT NULL
);

CREATE TABLE techops.statement_statistics (
    user_id oid NOT NULL,
    query_id bigint NOT NULL,
    is_top_level boolean NOT NULL,
    calls bigint NOT NULL,
    total_ms double precision NOT NULL,
    rows bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, query_id, is_top_level)
);

-- Sessions that an admin wanted ended. A number of a process is used again, its start tells one from the other.
CREATE TABLE techops.session_ends (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    means text NOT NULL CHECK (means IN ('cancel', 'terminate')),
    role_name text,
    application_name text,
    query text,
    asked_by integer NOT NULL,
    slack_user_id text NOT NULL,
    asked_at timestamptz NOT NULL,
    outcome text,
    done_at timestamptz
);
CREATE INDEX session_ends_backend_idx ON techops.session_ends (pid, backend_start);

CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.session_ends
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('session');
CREATE TRIGGER techops_record_update AFTER UPDATE ON techops.session_ends
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('session');

CREATE FUNCTION techops.record_care() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    run bigint;
    verb text;
BEGIN
    IF TG_TABLE_NAME = 'maintenance_steps' THEN
        run := NEW.run_id;
        verb := 'step_done';
    ELSE
        run := NEW.id;
        verb := CASE
            WHEN TG_OP = 'UPDATE' AND NEW.cancel_asked_at IS DISTINCT FROM OLD.cancel_asked_at AND NEW.status = OLD.status
                THEN 'cancel_asked'
            ELSE 'care_' || NEW.status
        END;
    END IF;
    INSERT INTO techops.activity (actor_id, source, origin, subject_kind, subject_id, verb, new)
    VALUES (techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
        techops.current_origin(), 'care', run, verb, to_jsonb(NEW));
    PERFORM techops.enqueue_announcement();
    RETURN NULL;
END;
$$;

CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.maintenance_runs
    FOR EACH ROW EXECUTE FUNCTION techops.record_care();
CREATE TRIGGER techops_record_update AFTER UPDATE OF status, waiting_for, cancel_asked_at ON techops.maintenance_runs
    FOR EACH ROW WHEN (
        (OLD.status, OLD.waiting_for, OLD.cancel_asked_at) IS DISTINCT FROM (NEW.status, NEW.waiting_for, NEW.cancel_asked_at)
    )
    EXECUTE FUNCTION techops.record_care();
CREATE TRIGGER techops_record_update AFTER UPDATE OF status ON techops.maintenance_steps
    FOR EACH ROW WHEN (NEW.status IN ('ok', 'failed') AND OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION techops.record_care();

-- Whoever completes the request of findings, and wherever: they are looked at again.
CREATE FUNCTION techops.check_findings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM techops.care_findings AS f WHERE f.request_id = NEW.id AND f.cleared_at IS NULL) THEN
        INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
        VALUES (0, 'care_check', convert_to(jsonb_build_object('request', NEW.id)::text, 'UTF8'), now(), 'queued');
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER techops_check_findings AFTER UPDATE OF status ON public.maintenance_requests
    FOR EACH ROW WHEN (NEW.status = 'completed' AND OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION techops.check_findings();
