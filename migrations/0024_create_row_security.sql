-- What the policies of `techops rls enable` ask about whoever the transaction names in app.current_user_id. Nothing here has
-- an effect before that command is run. SECURITY DEFINER: a policy on users that reads users itself never ends.

CREATE FUNCTION techops.actor_standing() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- After one SET LOCAL the setting is '' and not absent.
    IF NULLIF(current_setting('app.current_user_id', true), '') IS NULL THEN
        RETURN 'nobody';
    END IF;
    RETURN coalesce((
        SELECT CASE WHEN u.is_active IS NOT TRUE THEN 'inactive' WHEN u.role = 'admin' THEN 'admin' ELSE 'person' END
        FROM public.users AS u
        WHERE u.id = techops.current_actor()
    ), 'unknown');
END;
$$;
COMMENT ON FUNCTION techops.actor_standing() IS
    'nobody: the transaction names no actor; unknown: it names one who does not exist; inactive, person, admin: it names one';

CREATE FUNCTION techops.actor_manages_users() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT techops.actor_standing() IN ('nobody', 'admin')
$$;

CREATE FUNCTION techops.actor_writes_user(p_user_id integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE techops.actor_standing()
        WHEN 'nobody' THEN true
        WHEN 'admin' THEN true
        WHEN 'person' THEN p_user_id IS NOT DISTINCT FROM techops.current_actor()
        ELSE false
    END
$$;

-- A policy sees the row after the change and not the one before, so this is a trigger. Whoever the policies do not bind never
-- gets here: its WHEN asks row_security_active.
CREATE FUNCTION techops.guard_user_rights() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF techops.actor_standing() = 'nobody' THEN
        RETURN NULL;
    END IF;
    -- First: where the change made the actor an admin, the question below would already be answered with yes.
    IF techops.current_actor() IN (OLD.id, NEW.id) THEN
        RAISE EXCEPTION 'nobody changes their own role or reactivates themselves'
            USING ERRCODE = 'insufficient_privilege', HINT = 'Another active admin can do it.';
    END IF;
    IF techops.actor_standing() <> 'admin' THEN
        RAISE EXCEPTION 'only an active admin changes a role or whether an account is active'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END;
$$;

REVOKE EXECUTE ON FUNCTION techops.actor_standing(), techops.guard_user_rights() FROM PUBLIC;
-- A policy's functions are called with the rights of whoever uses the table. They tell about the caller's own setting only,
-- and nobody without a right to the schema can call them in other ways.
GRANT EXECUTE ON FUNCTION techops.actor_manages_users(), techops.actor_writes_user(integer) TO PUBLIC;
