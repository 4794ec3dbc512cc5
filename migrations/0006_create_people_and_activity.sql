-- What Slack needs to know that the dashboard does not: who a person is there, what was done, by whom and from where,
-- remarks on requests, and the keys that make one act have one effect. Triggers on the dashboard's tables write the
-- activity and enqueue its announcement, so that a change made by the dashboard or by hand is announced like any other.

CREATE TABLE techops.slack_identities (
    team_id text NOT NULL,
    slack_user_id text NOT NULL,
    user_id integer NOT NULL UNIQUE REFERENCES public.users (id) ON DELETE CASCADE,
    name text NOT NULL,
    tz text NOT NULL DEFAULT 'UTC',
    created_at timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team_id, slack_user_id)
);

-- No foreign keys: the log outlives what it tells of.
CREATE TABLE techops.activity (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    actor_id integer,
    source text NOT NULL,
    origin jsonb,
    note text,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    verb text NOT NULL,
    old jsonb,
    new jsonb
);
CREATE INDEX activity_subject_idx ON techops.activity (subject_kind, subject_id, id);
CREATE INDEX activity_xid_idx ON techops.activity (xid);
CREATE INDEX activity_actor_idx ON techops.activity (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX activity_at_idx ON techops.activity (at);

CREATE TABLE techops.comments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    maintenance_request_id integer NOT NULL REFERENCES public.maintenance_requests (id) ON DELETE CASCADE,
    user_id integer REFERENCES public.users (id) ON DELETE SET NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comments_request_idx ON techops.comments (maintenance_request_id, id);
CREATE INDEX comments_user_idx ON techops.comments (user_id);

CREATE TABLE techops.acts (
    key text PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    answer jsonb
);
CREATE INDEX acts_at_idx ON techops.acts (at);

-- SECURITY DEFINER with a fixed search_path throughout: the dashboard's own role has no rights in schema techops.
CREATE FUNCTION techops.current_actor() RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    setting text := NULLIF(current_setting('app.current_user_id', true), '');
BEGIN
    -- An unknown or malformed actor must never make another program's write fail.
    IF setting IS NULL OR setting !~ '^[0-9]{1,9}$' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT u.id FROM public.users AS u WHERE u.id = setting::integer);
END;
$$;

CREATE FUNCTION techops.current_origin() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN NULLIF(current_setting('app.origin', true), '')::jsonb;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
    RETURN NULL;
END;
$$;

CREATE FUNCTION techops.enqueue_announcement() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    xid text := pg_current_xact_id()::text;
BEGIN
    -- One job a transaction, however many rows it changes; a rolled back savepoint takes the mark with it.
    IF current_setting('app.announce', true) = 'off' OR current_setting('techops.announced', true) = xid THEN
        RETURN;
    END IF;
    PERFORM set_config('techops.announced', xid, true);
    INSERT INTO techops.pgqueuer (priority, entrypoint, payload, execute_after, status)
    VALUES (0, 'announce', convert_to(xid, 'UTF8'), now() + interval '150 milliseconds', 'queued');
END;
$$;

CREATE FUNCTION techops.verb_of_update(kind text, changed jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN kind IN ('maintenance', 'deployment') AND changed ? 'status' THEN
            CASE kind || ':' || coalesce(changed ->> 'status', '')
                WHEN 'maintenance:in_progress' THEN 'started'
                WHEN 'maintenance:completed' THEN 'completed'
                WHEN 'maintenance:cancelled' THEN 'cancelled'
                WHEN 'maintenance:open' THEN 'reopened'
                WHEN 'deployment:in_progress' THEN 'started'
                WHEN 'deployment:success' THEN 'succeeded'
                WHEN 'deployment:failed' THEN 'failed'
                WHEN 'deployment:rolled_back' THEN 'rolled_back'
                ELSE 'status_changed'
            END
        WHEN kind = 'maintenance' AND changed ? 'assigned_to' THEN
            CASE WHEN changed -> 'assigned_to' = 'null' THEN 'unassigned' ELSE 'assigned' END
        WHEN kind = 'maintenance' AND changed ? 'priority' THEN 'prioritised'
        WHEN kind = 'maintenance' AND changed ? 'due_date' THEN 'due_changed'
        WHEN kind = 'user' AND changed ? 'role' THEN 'role_changed'
        WHEN kind = 'user' AND changed ? 'is_active' THEN
            CASE WHEN changed -> 'is_active' = 'true' THEN 'activated' ELSE 'deactivated' END
        WHEN kind = 'project' AND changed ->> 'status' = 'archived' THEN 'archived'
        ELSE 'edited'
    END
$$;

-- Statement triggers with transition tables: a bulk change by the dashboard costs one INSERT, not one per row.
-- Argument 0 is the kind of subject; further arguments are columns that are nobody's business or no change at all.
CREATE FUNCTION techops.record_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO techops.activity (actor_id, source, origin, note, subject_kind, subject_id, verb, new)
    SELECT techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
        techops.current_origin(), NULLIF(current_setting('app.note', true), ''), TG_ARGV[0], n.id, 'created',
        to_jsonb(n) - TG_ARGV[1:]
    FROM new_rows AS n ORDER BY n.id;
    IF FOUND THEN
        PERFORM techops.enqueue_announcement();
    END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION techops.record_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO techops.activity (actor_id, source, origin, note, subject_kind, subject_id, verb, old, new)
    SELECT techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
        techops.current_origin(), NULLIF(current_setting('app.note', true), ''), TG_ARGV[0], n.id,
        techops.verb_of_update(TG_ARGV[0], d.new), d.old, d.new
    FROM old_rows AS o
    JOIN new_rows AS n ON n.id = o.id
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(a.key, b.value) AS old, jsonb_object_agg(a.key, a.value) AS new
        FROM jsonb_each(to_jsonb(n) - TG_ARGV[1:]) AS a
        JOIN jsonb_each(to_jsonb(o) - TG_ARGV[1:]) AS b ON b.key = a.key
        WHERE a.value IS DISTINCT FROM b.value
    ) AS d
    WHERE d.new IS NOT NULL
    ORDER BY n.id;
    IF FOUND THEN
        PERFORM techops.enqueue_announcement();
    END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION techops.record_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO techops.activity (actor_id, source, origin, note, subject_kind, subject_id, verb, old)
    SELECT techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
        techops.current_origin(), NULLIF(current_setting('app.note', true), ''), TG_ARGV[0], o.id, 'deleted',
        to_jsonb(o) - TG_ARGV[1:]
    FROM old_rows AS o ORDER BY o.id;
    IF FOUND THEN
        PERFORM techops.enqueue_announcement();
    END IF;
    RETURN NULL;
END;
$$;

-- Work logs and comments are told as activity of their request. Where the request goes with them, its own deletion says it.
CREATE FUNCTION techops.record_on_request() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO techops.activity (actor_id, source, origin, subject_kind, subject_id, verb, new)
        SELECT techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
            techops.current_origin(), 'maintenance', n.maintenance_request_id, TG_ARGV[0], to_jsonb(n)
        FROM new_rows AS n ORDER BY n.id;
    ELSE
        INSERT INTO techops.activity (actor_id, source, origin, subject_kind, subject_id, verb, old)
        SELECT techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
            techops.current_origin(), 'maintenance', o.maintenance_request_id, TG_ARGV[0], to_jsonb(o)
        FROM old_rows AS o
        WHERE EXISTS (SELECT 1 FROM public.maintenance_requests AS r WHERE r.id = o.maintenance_request_id)
        ORDER BY o.id;
    END IF;
    IF FOUND THEN
        PERFORM techops.enqueue_announcement();
    END IF;
    RETURN NULL;
END;
$$;

CREATE TRIGGER techops_record_insert AFTER INSERT ON public.maintenance_requests
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('maintenance');
CREATE TRIGGER techops_record_update AFTER UPDATE ON public.maintenance_requests
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('maintenance', 'updated_at');
CREATE TRIGGER techops_record_delete AFTER DELETE ON public.maintenance_requests
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_delete('maintenance');

CREATE TRIGGER techops_record_insert AFTER INSERT ON public.deployments
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('deployment');
CREATE TRIGGER techops_record_update AFTER UPDATE ON public.deployments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('deployment', 'updated_at');
CREATE TRIGGER techops_record_delete AFTER DELETE ON public.deployments
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_delete('deployment');

CREATE TRIGGER techops_record_insert AFTER INSERT ON public.projects
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('project');
CREATE TRIGGER techops_record_update AFTER UPDATE ON public.projects
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('project', 'updated_at');
CREATE TRIGGER techops_record_delete AFTER DELETE ON public.projects
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_delete('project');

CREATE TRIGGER techops_record_insert AFTER INSERT ON public.users
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_insert('user', 'password_hash', 'last_login');
CREATE TRIGGER techops_record_update AFTER UPDATE ON public.users
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('user', 'updated_at', 'password_hash', 'last_login');
CREATE TRIGGER techops_record_delete AFTER DELETE ON public.users
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_delete('user', 'password_hash', 'last_login');

CREATE TRIGGER techops_record_insert AFTER INSERT ON public.maintenance_work_logs
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_on_request('work_logged');
CREATE TRIGGER techops_record_delete AFTER DELETE ON public.maintenance_work_logs
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_on_request('work_deleted');
CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.comments
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_on_request('commented');
