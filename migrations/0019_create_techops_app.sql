-- What the role of the bot's own processes, techops_app, may do. The role itself belongs to the whole server and not to
-- this database: `techops migrate` makes it beforehand, or says who has to. Rights here and in later migrations are given
-- by statements of their own (GRANT, REVOKE, or a block named "grants"), so that they can be given again to a role that
-- came later and in a database that was restored without them.

-- People: the role reads no password hash and writes no role, no activity flag and no hash. It may make accounts without
-- rights; more needs an admin as the transaction's actor, or somebody who may act as the tables' owner anyway.
CREATE FUNCTION techops.require_admin() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Who called: current_user is this function's owner. A session that gave its rights up with SET ROLE has none of them.
    caller name := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
    owner oid := (SELECT c.relowner FROM pg_class AS c WHERE c.oid = 'public.users'::regclass);
BEGIN
    IF pg_has_role(caller, owner, 'USAGE') THEN
        RETURN;
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.users AS u WHERE u.id = techops.current_actor() AND u.role = 'admin' AND u.is_active
    ) THEN
        RAISE EXCEPTION 'only an active admin may do this' USING ERRCODE = 'insufficient_privilege';
    END IF;
END;
$$;

CREATE FUNCTION techops.insert_user(p_email text, p_name text, p_password_hash text, p_role text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made integer;
BEGIN
    -- The table knows only addresses written alike as the same.
    PERFORM pg_advisory_xact_lock(hashtextextended('techops.users ' || lower(p_email), 0));
    IF EXISTS (SELECT FROM public.users AS u WHERE lower(u.email) = lower(p_email)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.users AS u (email, name, password_hash, role)
    VALUES (p_email, left(p_name, 255), p_password_hash, p_role)
    ON CONFLICT (email) DO NOTHING
    RETURNING u.id INTO made;
    RETURN made;
END;
$$;

CREATE FUNCTION techops.provision_user(p_email text, p_name text, p_password_hash text) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT techops.insert_user(p_email, p_name, p_password_hash, 'user')
$$;
COMMENT ON FUNCTION techops.provision_user(text, text, text) IS 'NULL where the address is taken, in whatever case';

-- Held until the end of the transaction, so that of two who would remove the last two admins the second sees the first.
CREATE FUNCTION techops.has_other_admin(p_user_id integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.users AS u
    WHERE u.role = 'admin' AND u.is_active AND u.id <> p_user_id ORDER BY u.id FOR NO KEY UPDATE;
    RETURN FOUND;
END;
$$;

CREATE FUNCTION techops.hold_admins() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('techops.admins', 0))
$$;

CREATE FUNCTION techops.add_user(p_email text, p_name text, p_password_hash text, p_role text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM techops.hold_admins();
    PERFORM techops.require_admin();
    IF p_role NOT IN ('user', 'engineer', 'admin') THEN
        RAISE EXCEPTION 'no such role' USING ERRCODE = 'check_violation', CONSTRAINT = 'chk_users_role';
    END IF;
    RETURN techops.insert_user(p_email, p_name, p_password_hash, p_role);
END;
$$;

CREATE FUNCTION techops.set_user_role(p_user_id integer, p_role text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it record;
BEGIN
    PERFORM techops.hold_admins();
    PERFORM techops.require_admin();
    IF p_role NOT IN ('user', 'engineer', 'admin') THEN
        RAISE EXCEPTION 'no such role' USING ERRCODE = 'check_violation', CONSTRAINT = 'chk_users_role';
    END IF;
    SELECT u.role, u.is_active INTO it FROM public.users AS u WHERE u.id = p_user_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF it.role = 'admin' AND it.is_active AND p_role <> 'admin' AND NOT techops.has_other_admin(p_user_id) THEN
        RAISE EXCEPTION 'the last active admin' USING ERRCODE = 'check_violation', CONSTRAINT = 'techops_last_admin';
    END IF;
    UPDATE public.users SET role = p_role WHERE id = p_user_id AND role IS DISTINCT FROM p_role;
    RETURN true;
END;
$$;
COMMENT ON FUNCTION techops.set_user_role(integer, text) IS 'false where there is no such user';

CREATE FUNCTION techops.set_user_active(p_user_id integer, p_active boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it record;
BEGIN
    PERFORM techops.hold_admins();
    PERFORM techops.require_admin();
    SELECT u.role, u.is_active INTO it FROM public.users AS u WHERE u.id = p_user_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF it.role = 'admin' AND it.is_active AND p_active IS NOT TRUE AND NOT techops.has_other_admin(p_user_id) THEN
        RAISE EXCEPTION 'the last active admin' USING ERRCODE = 'check_violation', CONSTRAINT = 'techops_last_admin';
    END IF;
    UPDATE public.users SET is_active = (p_active IS TRUE)
    WHERE id = p_user_id AND is_active IS DISTINCT FROM (p_active IS TRUE);
    RETURN true;
END;
$$;
COMMENT ON FUNCTION techops.set_user_active(integer, boolean) IS 'false where there is no such user';

-- A token is found by its hash, but the hashes cannot be listed.
CREATE FUNCTION techops.find_token(p_token_sha256 bytea) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id FROM techops.api_tokens AS t WHERE t.token_sha256 = p_token_sha256
$$;

-- Nothing but triggers writes the activity, and this: that an approval is still waited for changes no row they could see.
CREATE FUNCTION techops.tell_reminded(p_approval_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO techops.activity (source, subject_kind, subject_id, verb, new)
    SELECT 'scheduler', a.subject_kind, a.subject_id, 'approval_reminded', to_jsonb(a) - 'asked'
    FROM techops.approvals AS a
    WHERE a.id = p_approval_id;
    PERFORM techops.enqueue_announcement();
END;
$$;

-- Triggers need nobody's right to their functions; everybody else is told by name what they may call.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA techops FROM PUBLIC;

GRANT USAGE ON SCHEMA techops TO techops_app;
DO $grants$
BEGIN
    -- Everybody has these two unless somebody took them away; then our role need not be one that can give them.
    IF NOT has_schema_privilege('techops_app', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO techops_app;
    END IF;
    IF NOT has_database_privilege('techops_app', current_database(), 'CONNECT') THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO techops_app', current_database());
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'techops_app cannot use this database yet: whoever owns it has to run GRANT CONNECT ON DATABASE % TO '
        'techops_app and GRANT USAGE ON SCHEMA public TO techops_app', quote_ident(current_database());
END
$grants$;

-- The dashboard's tables. Locking a row of users takes a right to update some column: this one tells of a sign-in.
GRANT SELECT (id, email, name, role, is_active, last_login, created_at, updated_at), UPDATE (last_login)
    ON public.users TO techops_app;
GRANT SELECT, INSERT, UPDATE
    ON public.project_groups, public.projects, public.deployments, public.maintenance_requests TO techops_app;
GRANT SELECT ON public.maintenance_status_history, public.engineers_view, public.project_summary_view TO techops_app;
GRANT SELECT, INSERT, DELETE ON public.maintenance_work_logs TO techops_app;

-- The bot's own.
GRANT SELECT ON techops.schema_migrations, techops.skipped_checks, techops.activity TO techops_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON techops.pgqueuer, techops.pgqueuer_log, techops.pgqueuer_statistics, techops.pgqueuer_schedules TO techops_app;
GRANT SELECT, INSERT, UPDATE (name, tz, refreshed_at) ON techops.slack_identities TO techops_app;
GRANT SELECT, INSERT ON techops.comments, techops.approval_votes TO techops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON techops.acts, techops.claims TO techops_app;
GRANT SELECT, INSERT, UPDATE ON techops.cards, techops.ledger, techops.counters TO techops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON techops.messages, techops.channel_pauses TO techops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON techops.approval_policies TO techops_app;
GRANT SELECT, UPDATE (status, decided_at, reminded_at) ON techops.approvals TO techops_app;
GRANT SELECT, INSERT, UPDATE ON techops.freezes, techops.deployment_details TO techops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON techops.deployment_locks, techops.lock_waiters TO techops_app;
GRANT SELECT (id, name, owner_id, scopes, created_at, expires_at, last_used_at, revoked_at), INSERT,
    UPDATE (last_used_at, revoked_at) ON techops.api_tokens TO techops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON techops.idempotency_keys, techops.webhook_deliveries TO techops_app;
GRANT SELECT, INSERT, DELETE ON techops.reminders_sent, techops.digests_sent TO techops_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON techops.snoozes, techops.working_hours, techops.subscriptions TO techops_app;
-- Care and backups are asked for; the tables' owner does them and writes what came of it.
GRANT SELECT, INSERT, UPDATE ON techops.maintenance_runs TO techops_app;
GRANT SELECT, INSERT, UPDATE (status) ON techops.maintenance_steps TO techops_app;
GRANT SELECT, INSERT ON techops.session_ends TO techops_app;
-- whoever cancels a run that has not begun skips its steps
GRANT UPDATE (status) ON techops.maintenance_steps TO techops_app;
GRANT SELECT ON techops.care_findings, techops.table_sizes, techops.statement_statistics, techops.backups TO techops_app;

-- Numbers of new rows; an identity column needs no right, a serial one does. Another program's may have other names.
DO $grants$
DECLARE
    sequence regclass;
BEGIN
    FOR sequence IN
        SELECT DISTINCT d.refobjid
        FROM pg_attrdef AS a
        JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
            AND d.refclassid = 'pg_class'::regclass
        JOIN pg_class AS c ON c.oid = d.refobjid AND c.relkind = 'S'
        WHERE a.adrelid = ANY (ARRAY[
            'public.project_groups', 'public.projects', 'public.deployments', 'public.maintenance_requests',
            'public.maintenance_work_logs', 'techops.pgqueuer', 'techops.pgqueuer_statistics', 'techops.pgqueuer_schedules'
        ]::regclass[])
    LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %s TO techops_app', sequence);
    END LOOP;
END
$grants$;

GRANT EXECUTE ON FUNCTION techops.provision_user(text, text, text), techops.add_user(text, text, text, text),
    techops.set_user_role(integer, text), techops.set_user_active(integer, boolean), techops.find_token(bytea),
    techops.tell_reminded(bigint), techops.insert_approval(text, bigint, jsonb, text),
    techops.find_policy(text, text, integer) TO techops_app;
