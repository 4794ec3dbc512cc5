-- Groups of projects on record like the projects themselves, and what Slack tells of somebody who has left.

CREATE TRIGGER techops_record_insert AFTER INSERT ON public.project_groups
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('project_group');
CREATE TRIGGER techops_record_update AFTER UPDATE ON public.project_groups
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('project_group', 'updated_at');
CREATE TRIGGER techops_record_delete AFTER DELETE ON public.project_groups
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_delete('project_group');

-- Slack says so, not an admin: so the account is found by its Slack person, can only be deactivated, and the last active
-- admin stays. One of: deactivated, inactive (it was before), last_admin, unknown.
CREATE FUNCTION techops.deactivate_departed(p_team_id text, p_slack_user_id text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it record;
BEGIN
    PERFORM techops.hold_admins();
    SELECT u.id, u.role, u.is_active INTO it
    FROM techops.slack_identities AS i
    JOIN public.users AS u ON u.id = i.user_id
    WHERE i.team_id = p_team_id AND i.slack_user_id = p_slack_user_id
    FOR NO KEY UPDATE OF u;
    IF NOT FOUND THEN
        RETURN 'unknown';
    ELSIF it.is_active IS NOT TRUE THEN
        RETURN 'inactive';
    ELSIF it.role = 'admin' AND NOT techops.has_other_admin(it.id) THEN
        RETURN 'last_admin';
    END IF;
    UPDATE public.users SET is_active = false WHERE id = it.id;
    RETURN 'deactivated';
END;
$$;

REVOKE EXECUTE ON FUNCTION techops.deactivate_departed(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION techops.deactivate_departed(text, text) TO techops_app;
