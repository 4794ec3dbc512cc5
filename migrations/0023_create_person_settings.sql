-- What people set for themselves: a time zone of their own, and whether the bot writes to them. Who has no row keeps what
-- Slack says and gets direct messages. home_opened_at (kept to the hour) tells whose App Home may be on a screen now.
CREATE TABLE techops.person_settings (
    user_id integer PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    tz text,
    direct_messages boolean NOT NULL DEFAULT true,
    home_opened_at timestamptz,
    updated_at timestamptz NOT NULL
);

-- What Slack says is kept beside what counts, so that it can count again.
ALTER TABLE techops.slack_identities ADD COLUMN slack_tz text NOT NULL DEFAULT 'UTC';
UPDATE techops.slack_identities SET slack_tz = tz;

-- Whoever writes a person's zone writes Slack's; one that the person has chosen outlives every refresh, and goes with the
-- account. The argument names the column that is written.
CREATE FUNCTION techops.keep_own_zone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_ARGV[0] = 'tz' THEN
        NEW.slack_tz := NEW.tz;
    END IF;
    NEW.tz := coalesce((SELECT s.tz FROM techops.person_settings AS s WHERE s.user_id = NEW.user_id), NEW.slack_tz);
    RETURN NEW;
END;
$$;
REVOKE EXECUTE ON FUNCTION techops.keep_own_zone() FROM PUBLIC;
CREATE TRIGGER techops_keep_zone BEFORE INSERT OR UPDATE OF tz ON techops.slack_identities
    FOR EACH ROW EXECUTE FUNCTION techops.keep_own_zone('tz');
CREATE TRIGGER techops_keep_zone_of_account BEFORE UPDATE OF user_id ON techops.slack_identities
    FOR EACH ROW EXECUTE FUNCTION techops.keep_own_zone('user_id');

-- A choice counts at once, whoever writes it down.
CREATE FUNCTION techops.apply_own_zone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE techops.slack_identities AS i SET tz = i.slack_tz
    WHERE i.user_id = NEW.user_id AND i.tz IS DISTINCT FROM coalesce(NEW.tz, i.slack_tz);
    RETURN NULL;
END;
$$;
REVOKE EXECUTE ON FUNCTION techops.apply_own_zone() FROM PUBLIC;
CREATE TRIGGER techops_apply_own_zone AFTER INSERT OR UPDATE OF tz ON techops.person_settings
    FOR EACH ROW EXECUTE FUNCTION techops.apply_own_zone();

GRANT SELECT, INSERT, UPDATE ON techops.person_settings TO techops_app;
