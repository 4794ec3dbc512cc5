-- no-transaction
-- What is kept for a time only is deleted by its age, in batches: the indexes that find the oldest rows, and two functions
-- for tables that the bot's role does not write. Built beside the traffic; what an interrupted run left is dropped first.

DROP INDEX CONCURRENTLY IF EXISTS techops.ledger_posted_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS ledger_posted_idx ON techops.ledger (posted_at) WHERE posted_at IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS techops.messages_planned_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_planned_idx ON techops.messages (planned_at);

DROP INDEX CONCURRENTLY IF EXISTS techops.pgqueuer_statistics_created_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS pgqueuer_statistics_created_idx ON techops.pgqueuer_statistics (created);

-- What a project had last, and in a month; what is open in it; what is not finished at all; accounts by their address.
DROP INDEX CONCURRENTLY IF EXISTS public.idx_deployments_project_deployed;
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_deployments_project_deployed
    ON public.deployments (project_id, deployed_at, id) INCLUDE (status, environment, duration);

DROP INDEX CONCURRENTLY IF EXISTS public.idx_deployments_unfinished;
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_deployments_unfinished
    ON public.deployments (project_id, id) INCLUDE (deployed_by)
    WHERE status IN ('pending', 'in_progress');

DROP INDEX CONCURRENTLY IF EXISTS public.idx_maintenance_open_project;
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_maintenance_open_project
    ON public.maintenance_requests (project_id, (coalesce(due_date, 'infinity'::timestamp)), id) INCLUDE (priority)
    WHERE status IN ('open', 'in_progress');

DROP INDEX CONCURRENTLY IF EXISTS public.idx_users_email_lower;
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_users_email_lower ON public.users (lower(email));

-- The audit of what is seldom changed (accounts, projects, tokens, ...); nothing for the requests and deployments to write.
DROP INDEX CONCURRENTLY IF EXISTS techops.activity_rare_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS activity_rare_idx ON techops.activity (subject_kind, id)
    WHERE subject_kind NOT IN ('maintenance', 'deployment');

-- What the next segment of the audit may still have to look at, instead of every segment, each minute.
DROP INDEX CONCURRENTLY IF EXISTS techops.audit_seals_upto_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_seals_upto_idx ON techops.audit_seals (upto);

-- The ends are the function's own, so that whoever may call it can delete nothing that is still of use.
CREATE OR REPLACE FUNCTION techops.prune_sign_ins(p_now timestamptz, p_most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH attempts AS (
        DELETE FROM techops.sign_in_attempts AS a WHERE a.id = ANY(ARRAY(
            SELECT o.id FROM techops.sign_in_attempts AS o
            WHERE o.at < least(p_now, now()) - interval '1 day' ORDER BY o.at LIMIT p_most
        )) RETURNING true
    ), links AS (
        DELETE FROM techops.links AS l WHERE l.id = ANY(ARRAY(
            SELECT o.id FROM techops.links AS o
            WHERE o.expires_at < least(p_now, now()) - interval '7 days' ORDER BY o.expires_at LIMIT p_most
        )) RETURNING true
    ), sessions AS (
        DELETE FROM techops.page_sessions AS s WHERE s.session_sha256 = ANY(ARRAY(
            SELECT o.session_sha256 FROM techops.page_sessions AS o
            WHERE o.expires_at < least(p_now, now()) ORDER BY o.expires_at LIMIT p_most
        )) RETURNING true
    )
    SELECT greatest((SELECT count(*) FROM attempts), (SELECT count(*) FROM links), (SELECT count(*) FROM sessions))
$$;
COMMENT ON FUNCTION techops.prune_sign_ins(timestamptz, integer) IS
    'deletes up to p_most of each table; returns the largest number, so that fewer than p_most means done';

-- Nothing younger than 90 days, whatever is asked for. The last run that ended stays, for the next one and for the health
-- report; so does every backup whose file is there, and the last one that was verified.
CREATE OR REPLACE FUNCTION techops.prune_care(p_before timestamptz, p_most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH bound AS (
        SELECT least(p_before, now() - interval '90 days') AS at
    ), runs AS (
        DELETE FROM techops.maintenance_runs AS r WHERE r.id = ANY(ARRAY(
            SELECT o.id FROM techops.maintenance_runs AS o
            WHERE o.finished_at < (SELECT b.at FROM bound AS b)
                AND o.id < (SELECT max(l.id) FROM techops.maintenance_runs AS l WHERE l.finished_at IS NOT NULL)
            ORDER BY o.id LIMIT p_most
        )) RETURNING true
    ), findings AS (
        DELETE FROM techops.care_findings AS f WHERE f.id = ANY(ARRAY(
            SELECT o.id FROM techops.care_findings AS o
            WHERE o.cleared_at < (SELECT b.at FROM bound AS b) ORDER BY o.id LIMIT p_most
        )) RETURNING true
    ), ends AS (
        DELETE FROM techops.session_ends AS e WHERE e.id = ANY(ARRAY(
            SELECT o.id FROM techops.session_ends AS o
            WHERE o.asked_at < (SELECT b.at FROM bound AS b) ORDER BY o.id LIMIT p_most
        )) RETURNING true
    ), backups AS (
        DELETE FROM techops.backups AS k WHERE k.id = ANY(ARRAY(
            SELECT o.id FROM techops.backups AS o
            WHERE o.started_at < (SELECT b.at FROM bound AS b) AND o.status <> 'running'
                AND (o.file IS NULL OR o.removed_at < (SELECT b.at FROM bound AS b))
                AND o.id <> coalesce((SELECT max(v.id) FROM techops.backups AS v WHERE v.status = 'verified'), 0)
            ORDER BY o.started_at, o.id LIMIT p_most
        )) RETURNING true
    )
    SELECT greatest((SELECT count(*) FROM runs), (SELECT count(*) FROM findings), (SELECT count(*) FROM ends),
        (SELECT count(*) FROM backups))
$$;
COMMENT ON FUNCTION techops.prune_care(timestamptz, integer) IS
    'deletes up to p_most of each table; returns the largest number, so that fewer than p_most means done';

REVOKE EXECUTE ON FUNCTION techops.prune_sign_ins(timestamptz, integer), techops.prune_care(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION techops.prune_sign_ins(timestamptz, integer), techops.prune_care(timestamptz, integer)
    TO techops_app;
GRANT DELETE ON techops.ledger TO techops_app;
