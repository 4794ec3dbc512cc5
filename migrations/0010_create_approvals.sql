-- Who has to agree before a critical request or a production deployment may be started. Approvals are made, voided and
-- marked as skipped by triggers on the dashboard's own tables, so that one rule holds for Slack, the API, the dashboard and
-- psql alike. The triggers never refuse a write of another program: what was done without approval is marked as such.
-- Rows that were there before have no approval and need none until what they ask for is changed.

CREATE TABLE techops.approval_policies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_kind text NOT NULL CHECK (subject_kind IN ('maintenance', 'deployment')),
    match text NOT NULL,
    project_id integer REFERENCES public.projects (id) ON DELETE CASCADE,
    required integer NOT NULL CHECK (required BETWEEN 0 AND 10),
    role text NOT NULL DEFAULT 'engineer' CHECK (role IN ('user', 'engineer', 'admin')),
    own_counts boolean NOT NULL DEFAULT false,
    hours integer NOT NULL DEFAULT 24 CHECK (hours BETWEEN 1 AND 720),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN techops.approval_policies.match IS 'priority of a maintenance request, environment of a deployment';
COMMENT ON COLUMN techops.approval_policies.required IS 'approvals needed; 0 exempts, which is of use for one project';
CREATE UNIQUE INDEX approval_policies_match_idx
    ON techops.approval_policies (subject_kind, match, coalesce(project_id, 0));
CREATE INDEX approval_policies_project_idx ON techops.approval_policies (project_id) WHERE project_id IS NOT NULL;

INSERT INTO techops.approval_policies (subject_kind, match, required)
VALUES ('maintenance', 'critical', 1), ('deployment', 'production', 1);

-- No foreign keys to the dashboard's tables: a decision outlives people and records, and stands in the way of no delete.
CREATE TABLE techops.approvals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_kind text NOT NULL CHECK (subject_kind IN ('maintenance', 'deployment')),
    subject_id bigint NOT NULL,
    required integer NOT NULL,
    role text NOT NULL,
    own_counts boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'void', 'skipped')),
    asked jsonb NOT NULL,
    requested_by integer,
    on_behalf_of integer,
    requested_at timestamptz NOT NULL DEFAULT now(),
    remind_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    reminded_at timestamptz,
    decided_at timestamptz
);
COMMENT ON COLUMN techops.approvals.asked IS 'what was asked for; a change of it voids the approval';
CREATE INDEX approvals_subject_idx ON techops.approvals (subject_kind, subject_id, id);
CREATE UNIQUE INDEX approvals_pending_idx ON techops.approvals (subject_kind, subject_id) WHERE status = 'pending';
CREATE INDEX approvals_expiry_idx ON techops.approvals (expires_at) WHERE status = 'pending';

CREATE TABLE techops.approval_votes (
    approval_id bigint NOT NULL REFERENCES techops.approvals (id) ON DELETE CASCADE,
    user_id integer NOT NULL,
    vote text NOT NULL CHECK (vote IN ('approve', 'reject')),
    comment text,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (approval_id, user_id)
);

-- The policy that holds: one for the project goes before one for everywhere. Without SET and SECURITY DEFINER, so that it is
-- inlined; its callers have a fixed search_path.
CREATE FUNCTION techops.find_policy(kind text, match text, project_id integer) RETURNS SETOF techops.approval_policies
LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT p.*
    FROM techops.approval_policies AS p
    WHERE p.subject_kind = $1 AND p.match = $2 AND (p.project_id IS NULL OR p.project_id = $3)
    ORDER BY p.project_id NULLS LAST
    LIMIT 1
$$;

-- A record in the terms of approvals. Phase: 'waiting' to be started, 'begun' (or over), 'dropped'.
CREATE FUNCTION techops.approval_subject(kind text, record jsonb)
RETURNS TABLE (match text, project_id integer, phase text, asked jsonb, requester integer)
LANGUAGE sql IMMUTABLE ROWS 1 AS $$
    SELECT $2 ->> 'environment', ($2 ->> 'project_id')::integer,
        CASE WHEN coalesce($2 ->> 'status', 'pending') = 'pending' THEN 'waiting' ELSE 'begun' END,
        jsonb_build_object(
            'project_id', $2 -> 'project_id', 'version', $2 -> 'version', 'environment', $2 -> 'environment'
        ),
        ($2 ->> 'deployed_by')::integer
    WHERE $1 = 'deployment'
    UNION ALL
    SELECT $2 ->> 'priority', ($2 ->> 'project_id')::integer,
        CASE coalesce($2 ->> 'status', 'open') WHEN 'open' THEN 'waiting' WHEN 'cancelled' THEN 'dropped' ELSE 'begun' END,
        jsonb_build_object('title', $2 -> 'title', 'description', $2 -> 'description', 'priority', $2 -> 'priority'),
        ($2 ->> 'requested_by')::integer
    WHERE $1 = 'maintenance'
$$;

-- For whom a token acts (app.on_behalf_of); what names no user counts as nobody, and fails nothing.
CREATE FUNCTION techops.current_on_behalf_of() RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    setting text := NULLIF(current_setting('app.on_behalf_of', true), '');
BEGIN
    IF setting IS NULL OR setting !~ '^[0-9]{1,9}$' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT u.id FROM public.users AS u WHERE u.id = setting::integer);
END;
$$;

-- Whose own a new record is: a request's requester; who asks for a deployment, else who is named in it. Whoever acts for
-- them counts too, so that nobody approves in one name what they asked for in another.
CREATE FUNCTION techops.requesters_of(kind text, requester integer, OUT requested_by integer, OUT on_behalf_of integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor integer := techops.current_actor();
BEGIN
    requested_by := CASE WHEN kind = 'maintenance' THEN requester ELSE coalesce(actor, requester) END;
    on_behalf_of := coalesce(NULLIF(techops.current_on_behalf_of(), requested_by), NULLIF(actor, requested_by));
END;
$$;

-- A further approval of a record, pending or skipped; NULL where no policy asks for one, or one is pending already. Whose own
-- it is stays as it was at the first one. A deployment that had none belongs to whoever made it, and to whoever changed it.
CREATE FUNCTION techops.insert_approval(kind text, subject bigint, record jsonb, wanted text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it record;
    policy techops.approval_policies;
    own integer;
    other integer;
    made bigint;
BEGIN
    SELECT s.* INTO it FROM techops.approval_subject(kind, record) AS s;
    SELECT p.* INTO policy FROM techops.find_policy(kind, it.match, it.project_id) AS p WHERE p.required > 0;
    IF policy.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT a.requested_by, a.on_behalf_of INTO own, other
    FROM techops.approvals AS a
    WHERE a.subject_kind = kind AND a.subject_id = subject ORDER BY a.id LIMIT 1;
    IF NOT FOUND AND kind = 'maintenance' THEN
        own := it.requester;
        other := NULLIF(techops.current_on_behalf_of(), own);
    ELSIF NOT FOUND THEN
        own := coalesce((
            SELECT a.actor_id FROM techops.activity AS a
            WHERE a.subject_kind = kind AND a.subject_id = subject AND a.verb = 'created' ORDER BY a.id LIMIT 1
        ), techops.current_actor(), it.requester);
        other := coalesce(NULLIF(techops.current_on_behalf_of(), own), NULLIF(techops.current_actor(), own));
    END IF;
    INSERT INTO techops.approvals AS a (subject_kind, subject_id, required, role, own_counts, status, asked, requested_by,
        on_behalf_of, remind_at, expires_at, decided_at)
    VALUES (kind, subject, policy.required, policy.role, policy.own_counts, wanted, it.asked, own, other,
        now() + policy.hours * interval '30 minutes', now() + policy.hours * interval '1 hour',
        CASE WHEN wanted <> 'pending' THEN now() END)
    ON CONFLICT DO NOTHING
    RETURNING a.id INTO made;
    RETURN made;
END;
$$;

-- The triggers' names sort after those that record the activity: what happened is told before what it led to.
CREATE FUNCTION techops.request_approvals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO techops.approvals (subject_kind, subject_id, required, role, own_counts, status, asked, requested_by,
        on_behalf_of, remind_at, expires_at, decided_at)
    SELECT TG_ARGV[0], n.id, p.required, p.role, p.own_counts,
        CASE WHEN s.phase = 'waiting' THEN 'pending' ELSE 'skipped' END, s.asked, own.requested_by, own.on_behalf_of,
        now() + p.hours * interval '30 minutes', now() + p.hours * interval '1 hour',
        CASE WHEN s.phase <> 'waiting' THEN now() END
    FROM new_rows AS n
    CROSS JOIN LATERAL techops.approval_subject(TG_ARGV[0], to_jsonb(n)) AS s
    CROSS JOIN LATERAL techops.find_policy(TG_ARGV[0], s.match, s.project_id) AS p
    CROSS JOIN LATERAL techops.requesters_of(TG_ARGV[0], s.requester) AS own
    WHERE p.required > 0 AND s.phase <> 'dropped'
    ORDER BY n.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END;
$$;

-- What a change means for the latest approval of the record.
CREATE FUNCTION techops.request_approvals_anew() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind text := TG_ARGV[0];
    it record;
    stands boolean;
BEGIN
    FOR it IN
        SELECT n.id, n.record, s.phase, o.phase AS phase_before, s.asked IS DISTINCT FROM o.asked AS changed,
            a.id AS approval_id, a.status, a.asked IS NOT DISTINCT FROM s.asked AS same
        FROM (SELECT r.id, to_jsonb(r) AS record FROM new_rows AS r) AS n
        CROSS JOIN LATERAL techops.approval_subject(kind, n.record) AS s
        JOIN (
            SELECT r.id, b.* FROM old_rows AS r CROSS JOIN LATERAL techops.approval_subject(kind, to_jsonb(r)) AS b
        ) AS o ON o.id = n.id
        LEFT JOIN LATERAL (
            SELECT l.id, l.status, l.asked FROM techops.approvals AS l
            WHERE l.subject_kind = kind AND l.subject_id = n.id ORDER BY l.id DESC LIMIT 1
        ) AS a ON true
        WHERE (s.asked IS DISTINCT FROM o.asked OR s.phase <> o.phase OR s.project_id IS DISTINCT FROM o.project_id)
            AND (a.id IS NOT NULL OR EXISTS (
                SELECT FROM techops.find_policy(kind, s.match, s.project_id) AS p WHERE p.required > 0
            ))
        ORDER BY n.id
    LOOP
        stands := it.status = 'approved' AND it.same;
        IF it.phase = 'waiting' AND (it.changed OR it.phase_before <> 'waiting' OR it.status IS NULL
            OR it.status IN ('void', 'skipped')) AND stands IS NOT TRUE
        THEN
            UPDATE techops.approvals AS a SET status = 'void', decided_at = now()
            WHERE a.id = it.approval_id AND a.status IN ('pending', 'approved');
            PERFORM techops.insert_approval(kind, it.id, it.record, 'pending');
        ELSIF it.phase = 'dropped' THEN
            UPDATE techops.approvals AS a SET status = 'void', decided_at = now()
            WHERE a.id = it.approval_id AND a.status = 'pending';
        ELSIF it.phase = 'begun' AND stands IS NOT TRUE
            AND (it.phase_before <> 'begun' OR (kind = 'deployment' AND it.status = 'approved'))
        THEN
            UPDATE techops.approvals AS a SET status = 'void', decided_at = now()
            WHERE a.id = it.approval_id AND a.status = 'approved';
            UPDATE techops.approvals AS a SET status = 'skipped', decided_at = now()
            WHERE a.id = it.approval_id AND a.status = 'pending';
            IF NOT FOUND THEN
                PERFORM techops.insert_approval(kind, it.id, it.record, 'skipped');
            END IF;
        END IF;
    END LOOP;
    RETURN NULL;
END;
$$;

CREATE FUNCTION techops.void_approvals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE techops.approvals AS a SET status = 'void', decided_at = now()
    FROM old_rows AS o
    WHERE a.subject_kind = TG_ARGV[0] AND a.subject_id = o.id AND a.status = 'pending';
    RETURN NULL;
END;
$$;

CREATE TRIGGER techops_request_approvals AFTER INSERT ON public.maintenance_requests
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.request_approvals('maintenance');
CREATE TRIGGER techops_request_approvals_anew AFTER UPDATE ON public.maintenance_requests
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.request_approvals_anew('maintenance');
CREATE TRIGGER techops_void_approvals AFTER DELETE ON public.maintenance_requests
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.void_approvals('maintenance');

CREATE TRIGGER techops_request_approvals AFTER INSERT ON public.deployments
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.request_approvals('deployment');
CREATE TRIGGER techops_request_approvals_anew AFTER UPDATE ON public.deployments
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.request_approvals_anew('deployment');
CREATE TRIGGER techops_void_approvals AFTER DELETE ON public.deployments
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.void_approvals('deployment');

-- Every change of an approval is activity of its subject. A rejection is told by its vote, the end of an approval whose
-- subject was deleted by that deletion.
CREATE FUNCTION techops.tell_approval(made techops.approvals) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO techops.activity (actor_id, source, origin, subject_kind, subject_id, verb, new)
    VALUES (
        techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
        techops.current_origin(), made.subject_kind, made.subject_id,
        CASE made.status
            WHEN 'pending' THEN 'approval_requested'
            WHEN 'approved' THEN 'approval_granted'
            WHEN 'expired' THEN 'approval_expired'
            WHEN 'void' THEN 'approval_voided'
            ELSE 'approval_skipped'
        END, to_jsonb(made) - 'asked'
    )
$$;

CREATE FUNCTION techops.approval_has_subject(made techops.approvals) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE made.subject_kind
        WHEN 'deployment' THEN EXISTS (SELECT FROM public.deployments AS d WHERE d.id = made.subject_id)
        ELSE EXISTS (SELECT FROM public.maintenance_requests AS r WHERE r.id = made.subject_id)
    END
$$;

CREATE FUNCTION techops.record_approvals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made techops.approvals;
    told integer := 0;
    seen integer := 0;
    is_new boolean := TG_OP = 'INSERT';
BEGIN
    -- Row by row: a statement of the dashboard may change a million of them, more than one value can hold.
    FOR made IN EXECUTE CASE WHEN is_new
        THEN 'SELECT n.* FROM new_rows AS n ORDER BY n.id'
        ELSE 'SELECT n.* FROM new_rows AS n JOIN old_rows AS o ON o.id = n.id WHERE n.status <> o.status ORDER BY n.id'
    END
    LOOP
        IF made.status <> 'rejected' AND (made.status <> 'void' OR techops.approval_has_subject(made)) THEN
            PERFORM techops.tell_approval(made);
            told := told + 1;
        END IF;
        seen := seen + 1;
        IF seen <= 200 THEN
            PERFORM pg_notify('techops_subject', json_build_object(
                'kind', made.subject_kind, 'id', made.subject_id
            )::text);
        END IF;
    END LOOP;
    IF told > 0 THEN
        PERFORM techops.enqueue_announcement();
    END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION techops.record_votes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO techops.activity (actor_id, source, origin, note, subject_kind, subject_id, verb, new)
    SELECT n.user_id, coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
        techops.current_origin(), n.comment, a.subject_kind, a.subject_id,
        CASE n.vote WHEN 'approve' THEN 'approved' ELSE 'rejected' END, to_jsonb(n)
    FROM new_rows AS n
    JOIN techops.approvals AS a ON a.id = n.approval_id
    ORDER BY n.approval_id, n.at, n.user_id;
    IF FOUND THEN
        PERFORM techops.enqueue_announcement();
    END IF;
    RETURN NULL;
END;
$$;

-- Whoever waits for a deployment over HTTP hears of its change. A bulk change of over 200 wakes nobody in particular.
CREATE FUNCTION techops.notify_subjects() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('techops_subject', json_build_object('kind', TG_ARGV[0], 'id', o.id)::text)
    FROM old_rows AS o
    LIMIT 200;
    RETURN NULL;
END;
$$;

CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.approvals
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_approvals();
CREATE TRIGGER techops_record_update AFTER UPDATE ON techops.approvals
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_approvals();
CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.approval_votes
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_votes();
CREATE TRIGGER techops_notify_update AFTER UPDATE ON public.deployments
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.notify_subjects('deployment');
CREATE TRIGGER techops_notify_delete AFTER DELETE ON public.deployments
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.notify_subjects('deployment');

CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.approval_policies
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('policy');
CREATE TRIGGER techops_record_update AFTER UPDATE ON techops.approval_policies
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('policy', 'updated_at');
CREATE TRIGGER techops_record_delete AFTER DELETE ON techops.approval_policies
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_delete('policy');
