-- Sign-in by page: one-use links that tie a Slack person to an account or set a password, attempts that are counted,
-- sessions of the read-only pages. Secrets are kept as SHA-256 of 256 random bits.
--
-- The bot's role never reads a password hash. begin_sign_in counts an attempt and gives out the salt, the bot hashes the
-- typed password with it, check_password compares the result: once an attempt, so that the role can do no more than guess,
-- and every guess is counted. What follows (tie, open_page_session) demands an attempt that has proved the password.

CREATE TABLE techops.links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    kind text NOT NULL CHECK (kind IN ('link', 'password')),
    user_id integer REFERENCES public.users (id) ON DELETE CASCADE,
    team_id text,
    slack_user_id text,
    slack_name text,
    slack_tz text,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK (CASE kind WHEN 'password' THEN user_id IS NOT NULL
        ELSE team_id IS NOT NULL AND slack_user_id IS NOT NULL AND slack_name IS NOT NULL AND slack_tz IS NOT NULL END)
);
CREATE INDEX links_user_idx ON techops.links (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX links_person_idx ON techops.links (team_id, slack_user_id) WHERE slack_user_id IS NOT NULL;
CREATE INDEX links_expires_idx ON techops.links (expires_at);

-- The address that was typed is kept as a hash: people type passwords into the wrong field.
CREATE TABLE techops.sign_in_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account_sha256 bytea NOT NULL,
    remote_address text NOT NULL,
    link_id bigint REFERENCES techops.links (id) ON DELETE CASCADE,
    user_id integer REFERENCES public.users (id) ON DELETE CASCADE,
    checked_at timestamptz,
    proved_at timestamptz,
    spent_at timestamptz
);
CREATE INDEX sign_in_attempts_account_idx ON techops.sign_in_attempts (account_sha256, at) WHERE proved_at IS NULL;
CREATE INDEX sign_in_attempts_address_idx ON techops.sign_in_attempts (remote_address, at) WHERE proved_at IS NULL;
CREATE INDEX sign_in_attempts_link_idx ON techops.sign_in_attempts (link_id, at);
CREATE INDEX sign_in_attempts_user_idx ON techops.sign_in_attempts (user_id);
CREATE INDEX sign_in_attempts_at_idx ON techops.sign_in_attempts (at);

CREATE TABLE techops.page_sessions (
    session_sha256 bytea PRIMARY KEY CHECK (length(session_sha256) = 32),
    user_id integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX page_sessions_user_idx ON techops.page_sessions (user_id);
CREATE INDEX page_sessions_expires_idx ON techops.page_sessions (expires_at);

-- Who has untied themselves is not tied again by their e-mail address.
CREATE TABLE techops.untied (
    team_id text NOT NULL,
    slack_user_id text NOT NULL,
    user_id integer REFERENCES public.users (id) ON DELETE SET NULL,
    name text NOT NULL,
    tz text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (team_id, slack_user_id)
);
CREATE INDEX untied_user_idx ON techops.untied (user_id);

CREATE FUNCTION techops.hash_cost(p_hash text) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p_hash ~ '^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$' THEN substr(p_hash, 5, 2)::integer END
$$;

CREATE FUNCTION techops.record_about_user(p_user_id integer, p_verb text, p_old jsonb, p_new jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO techops.activity (actor_id, source, origin, subject_kind, subject_id, verb, old, new)
    VALUES (techops.current_actor(), coalesce(NULLIF(current_setting('app.source', true), ''), 'dashboard'),
        techops.current_origin(), 'user', p_user_id, p_verb, p_old, p_new)
$$;

-- The page names the person as Slack does; p_name and p_tz are for those who are not tied yet.
CREATE FUNCTION techops.issue_link(
    p_token_sha256 bytea, p_team_id text, p_slack_user_id text, p_name text, p_tz text, p_now timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE techops.links AS l SET used_at = p_now
    WHERE l.kind = 'link' AND l.team_id = p_team_id AND l.slack_user_id = p_slack_user_id AND l.used_at IS NULL;
    INSERT INTO techops.links (token_sha256, kind, team_id, slack_user_id, slack_name, slack_tz, made_at, expires_at)
    SELECT p_token_sha256, 'link', p_team_id, p_slack_user_id, coalesce(i.name, p_name), coalesce(i.tz, p_tz),
        p_now, p_now + interval '10 minutes'
    FROM (VALUES (1)) AS one
    LEFT JOIN techops.slack_identities AS i ON i.team_id = p_team_id AND i.slack_user_id = p_slack_user_id;
END;
$$;

CREATE FUNCTION techops.issue_password_link(p_token_sha256 bytea, p_user_id integer, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM techops.require_admin();
    PERFORM 1 FROM public.users AS u WHERE u.id = p_user_id AND u.is_active FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE techops.links AS l SET used_at = p_now
    WHERE l.kind = 'password' AND l.user_id = p_user_id AND l.used_at IS NULL;
    INSERT INTO techops.links (token_sha256, kind, user_id, made_at, expires_at)
    VALUES (p_token_sha256, 'password', p_user_id, p_now, p_now + interval '24 hours');
    PERFORM techops.record_about_user(p_user_id, 'password_link_made', NULL, NULL);
    RETURN true;
END;
$$;

-- Wrong passwords within 15 minutes: five an account and five a link; fifty an address, behind which an office, or a
-- proxy with everybody, may sit. The lock makes "count, then insert" one step; it is held for no hashing.
CREATE FUNCTION techops.begin_sign_in(p_token_sha256 bytea, p_email text, p_remote_address text, p_now timestamptz)
RETURNS TABLE (outcome text, attempt_id bigint, salt text, retry_after integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lasts CONSTANT interval := interval '15 minutes';
    account CONSTANT bytea := sha256(convert_to(lower(p_email), 'UTF8'));
    link bigint;
    free_at timestamptz;
    candidate integer;
    kept text;
    made bigint;
BEGIN
    IF p_token_sha256 IS NOT NULL THEN
        SELECT l.id INTO link FROM techops.links AS l
        WHERE l.token_sha256 = p_token_sha256 AND l.kind = 'link' AND l.used_at IS NULL AND l.expires_at > p_now;
        IF link IS NULL THEN
            RETURN QUERY SELECT 'gone', NULL::bigint, NULL::text, NULL::integer;
            RETURN;
        END IF;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('techops.sign_in_attempts', 0));
    SELECT max(full_at.at) + lasts INTO free_at FROM (
        (SELECT a.at FROM techops.sign_in_attempts AS a
        WHERE a.account_sha256 = account AND a.proved_at IS NULL AND a.at > p_now - lasts
        ORDER BY a.at DESC OFFSET 4 LIMIT 1)
        UNION ALL
        (SELECT a.at FROM techops.sign_in_attempts AS a
        WHERE a.link_id = link AND a.proved_at IS NULL AND a.at > p_now - lasts
        ORDER BY a.at DESC OFFSET 4 LIMIT 1)
        UNION ALL
        (SELECT a.at FROM techops.sign_in_attempts AS a
        WHERE a.remote_address = p_remote_address AND a.proved_at IS NULL AND a.at > p_now - lasts
        ORDER BY a.at DESC OFFSET 49 LIMIT 1)
    ) AS full_at;
    IF free_at IS NOT NULL THEN
        RETURN QUERY SELECT 'limited', NULL::bigint, NULL::text,
            greatest(1, ceil(extract(epoch FROM free_at - p_now)))::integer;
        RETURN;
    END IF;
    -- Of two accounts that differ in case only, the one written as it was typed; check_password refuses both.
    SELECT u.id, u.password_hash INTO candidate, kept FROM public.users AS u
    WHERE lower(u.email) = lower(p_email)
    ORDER BY u.email = p_email DESC, u.id LIMIT 1;
    INSERT INTO techops.sign_in_attempts (at, account_sha256, remote_address, link_id, user_id)
    VALUES (p_now, account, left(p_remote_address, 100), link, candidate)
    RETURNING id INTO made;
    RETURN QUERY SELECT 'try', made, CASE WHEN techops.hash_cost(kept) IS NOT NULL THEN left(kept, 29) END,
        NULL::integer;
END;
$$;

CREATE FUNCTION techops.check_password(p_attempt_id bigint, p_computed text, p_now timestamptz)
RETURNS TABLE (outcome text, user_id integer, renew boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    candidate integer;
    found_account record;
BEGIN
    UPDATE techops.sign_in_attempts AS a SET checked_at = p_now
    WHERE a.id = p_attempt_id AND a.checked_at IS NULL AND a.at > p_now - interval '1 minute'
    RETURNING a.user_id INTO candidate;
    SELECT u.id, u.email, u.is_active IS TRUE AS active, techops.hash_cost(u.password_hash) AS cost INTO found_account
    FROM public.users AS u WHERE u.id = candidate AND u.password_hash = p_computed;
    IF found_account.id IS NULL OR found_account.cost IS NULL THEN
        RETURN QUERY SELECT 'wrong', NULL::integer, false;
        RETURN;
    END IF;
    UPDATE techops.sign_in_attempts AS a SET proved_at = p_now WHERE a.id = p_attempt_id;
    RETURN QUERY SELECT
        CASE
            WHEN (SELECT count(*) FROM public.users AS u WHERE lower(u.email) = lower(found_account.email)) > 1
                THEN 'twice'
            WHEN NOT found_account.active THEN 'inactive'
            ELSE 'ok'
        END,
        found_account.id::integer, found_account.cost < 12;
END;
$$;

-- Spends an attempt that has proved the password within the last minute; NULL where there is none, or the account is
-- deactivated. A renewed hash, of the same password at cost 12, replaces a cheaper one.
CREATE FUNCTION techops.spend_attempt(p_attempt_id bigint, p_renewed text, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    proved integer;
BEGIN
    IF p_renewed IS NOT NULL AND coalesce(techops.hash_cost(p_renewed), 0) < 12 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'passwords are hashed by bcrypt at cost 12 or more';
    END IF;
    UPDATE techops.sign_in_attempts AS a SET spent_at = p_now
    WHERE a.id = p_attempt_id AND a.spent_at IS NULL AND a.proved_at > p_now - interval '1 minute'
    RETURNING a.user_id INTO proved;
    UPDATE public.users AS u SET
        last_login = p_now,
        password_hash = CASE WHEN techops.hash_cost(u.password_hash) < 12 THEN coalesce(p_renewed, u.password_hash)
            ELSE u.password_hash END
    WHERE u.id = proved AND u.is_active
    RETURNING u.id INTO proved;
    RETURN proved;
END;
$$;

CREATE FUNCTION techops.tie(p_attempt_id bigint, p_renewed text, p_now timestamptz)
RETURNS TABLE (link_id bigint, user_id integer, slack_user_id text, former_slack_id text, former_user_id integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used techops.links;
    account integer;
    account_before techops.slack_identities;
    person_before techops.slack_identities;
BEGIN
    UPDATE techops.links AS l SET used_at = p_now
    WHERE l.id = (SELECT a.link_id FROM techops.sign_in_attempts AS a WHERE a.id = p_attempt_id)
        AND l.kind = 'link' AND l.used_at IS NULL AND l.expires_at > p_now
    RETURNING l.* INTO used;
    IF used.id IS NULL THEN
        RETURN;
    END IF;
    account := techops.spend_attempt(p_attempt_id, p_renewed, p_now);
    IF account IS NULL THEN
        RAISE invalid_authorization_specification USING MESSAGE = 'no password was proved for this link';
    END IF;
    -- Two links may be about one account, or one person: whoever comes second sees what the first has done.
    LOCK TABLE techops.slack_identities IN SHARE ROW EXCLUSIVE MODE;
    SELECT i.* INTO account_before FROM techops.slack_identities AS i WHERE i.user_id = account;
    SELECT i.* INTO person_before FROM techops.slack_identities AS i
    WHERE i.team_id = used.team_id AND i.slack_user_id = used.slack_user_id;
    DELETE FROM techops.untied AS t WHERE t.team_id = used.team_id AND t.slack_user_id = used.slack_user_id;
    IF person_before.user_id IS NOT DISTINCT FROM account THEN
        RETURN QUERY SELECT used.id, account, used.slack_user_id, NULL::text, account;
        RETURN;
    END IF;
    DELETE FROM techops.slack_identities AS i WHERE i.user_id IN (account, person_before.user_id);
    INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz, created_at, refreshed_at)
    VALUES (used.team_id, used.slack_user_id, account, used.slack_name, coalesce(person_before.tz, used.slack_tz),
        p_now, p_now);
    PERFORM techops.record_about_user(account, 'linked',
        CASE WHEN account_before.user_id IS NOT NULL
            THEN jsonb_build_object('slack_user_id', account_before.slack_user_id) END,
        jsonb_build_object('slack_user_id', used.slack_user_id));
    IF person_before.user_id IS NOT NULL THEN
        PERFORM techops.record_about_user(person_before.user_id, 'unlinked',
            jsonb_build_object('slack_user_id', used.slack_user_id), NULL);
    END IF;
    RETURN QUERY SELECT used.id, account, used.slack_user_id, account_before.slack_user_id, person_before.user_id;
END;
$$;

CREATE FUNCTION techops.open_page_session(
    p_attempt_id bigint, p_session_sha256 bytea, p_renewed text, p_now timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account integer := techops.spend_attempt(p_attempt_id, p_renewed, p_now);
BEGIN
    IF account IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO techops.page_sessions (session_sha256, user_id, made_at, expires_at)
    VALUES (p_session_sha256, account, p_now, p_now + interval '12 hours');
    RETURN true;
END;
$$;

-- Uses a password link up. Sessions and other links end with the old password, and the count of wrong ones begins anew.
CREATE FUNCTION techops.set_password(p_token_sha256 bytea, p_hash text, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account integer;
    address text;
BEGIN
    IF coalesce(techops.hash_cost(p_hash), 0) < 12 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'passwords are hashed by bcrypt at cost 12 or more';
    END IF;
    UPDATE techops.links AS l SET used_at = p_now
    WHERE l.token_sha256 = p_token_sha256 AND l.kind = 'password' AND l.used_at IS NULL AND l.expires_at > p_now
    RETURNING l.user_id INTO account;
    UPDATE public.users AS u SET password_hash = p_hash WHERE u.id = account AND u.is_active
    RETURNING u.id, u.email INTO account, address;
    IF account IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM techops.page_sessions AS s WHERE s.user_id = account;
    UPDATE techops.links AS l SET used_at = p_now
    WHERE l.kind = 'password' AND l.user_id = account AND l.used_at IS NULL;
    DELETE FROM techops.sign_in_attempts AS a
    WHERE a.account_sha256 = sha256(convert_to(lower(address), 'UTF8')) AND a.proved_at IS NULL;
    PERFORM techops.record_about_user(account, 'password_set', NULL, NULL);
    RETURN account;
END;
$$;

CREATE FUNCTION techops.untie(p_team_id text, p_slack_user_id text, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone techops.slack_identities;
BEGIN
    DELETE FROM techops.slack_identities AS i WHERE i.team_id = p_team_id AND i.slack_user_id = p_slack_user_id
    RETURNING i.* INTO gone;
    IF gone.user_id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO techops.untied (team_id, slack_user_id, user_id, name, tz, at)
    VALUES (gone.team_id, gone.slack_user_id, gone.user_id, gone.name, gone.tz, p_now)
    ON CONFLICT (team_id, slack_user_id) DO UPDATE
        SET user_id = excluded.user_id, name = excluded.name, tz = excluded.tz, at = excluded.at;
    PERFORM techops.record_about_user(gone.user_id, 'unlinked', jsonb_build_object('slack_user_id', gone.slack_user_id),
        NULL);
    RETURN gone.user_id;
END;
$$;

-- An untying by mistake is taken back within ten minutes, unless somebody else is tied to the account by then.
CREATE FUNCTION techops.retie(p_team_id text, p_slack_user_id text, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account integer;
BEGIN
    INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz, created_at, refreshed_at)
    SELECT t.team_id, t.slack_user_id, t.user_id, t.name, t.tz, p_now, p_now
    FROM techops.untied AS t JOIN public.users AS u ON u.id = t.user_id
    WHERE t.team_id = p_team_id AND t.slack_user_id = p_slack_user_id AND t.at > p_now - interval '10 minutes'
        AND u.is_active
    ON CONFLICT DO NOTHING
    RETURNING user_id INTO account;
    IF account IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM techops.untied AS t WHERE t.team_id = p_team_id AND t.slack_user_id = p_slack_user_id;
    PERFORM techops.record_about_user(account, 'linked', NULL, jsonb_build_object('slack_user_id', p_slack_user_id));
    RETURN account;
END;
$$;

CREATE FUNCTION techops.prune_links(p_now timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM techops.sign_in_attempts AS a WHERE a.at < p_now - interval '1 day';
    DELETE FROM techops.links AS l WHERE l.expires_at < p_now - interval '7 days';
    DELETE FROM techops.page_sessions AS s WHERE s.expires_at < p_now;
END;
$$;

REVOKE EXECUTE ON FUNCTION techops.hash_cost(text), techops.record_about_user(integer, text, jsonb, jsonb),
    techops.issue_link(bytea, text, text, text, text, timestamptz),
    techops.issue_password_link(bytea, integer, timestamptz),
    techops.begin_sign_in(bytea, text, text, timestamptz), techops.check_password(bigint, text, timestamptz),
    techops.spend_attempt(bigint, text, timestamptz), techops.tie(bigint, text, timestamptz),
    techops.open_page_session(bigint, bytea, text, timestamptz), techops.set_password(bytea, text, timestamptz),
    techops.untie(text, text, timestamptz), techops.retie(text, text, timestamptz), techops.prune_links(timestamptz)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    techops.issue_link(bytea, text, text, text, text, timestamptz),
    techops.issue_password_link(bytea, integer, timestamptz),
    techops.begin_sign_in(bytea, text, text, timestamptz), techops.check_password(bigint, text, timestamptz),
    techops.tie(bigint, text, timestamptz),
    techops.open_page_session(bigint, bytea, text, timestamptz), techops.set_password(bytea, text, timestamptz),
    techops.untie(text, text, timestamptz), techops.retie(text, text, timestamptz), techops.prune_links(timestamptz)
    TO techops_app;
GRANT SELECT ON techops.links, techops.untied TO techops_app;
GRANT SELECT, DELETE ON techops.page_sessions TO techops_app;
