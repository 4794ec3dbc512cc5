-- When an environment is not deployed to, who keeps one for themselves, who waits for it, and what the dashboard's row of a
-- deployment has no column for.

-- From starts_at until just before ends_at. The zone is the one in which the window was given, and is shown in.
CREATE TABLE techops.freezes (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL CHECK (environment IN ('production', 'staging', 'development', 'all')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    tz text NOT NULL,
    reason text NOT NULL,
    created_by integer REFERENCES public.users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    lifted_by integer REFERENCES public.users (id) ON DELETE SET NULL,
    lifted_at timestamptz,
    CHECK (ends_at > starts_at)
);
CREATE INDEX freezes_ends_at_idx ON techops.freezes (ends_at) WHERE lifted_at IS NULL;

CREATE TABLE techops.deployment_locks (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id integer NOT NULL REFERENCES public.projects (id) ON DELETE CASCADE,
    environment text NOT NULL CHECK (environment IN ('production', 'staging', 'development')),
    holder_id integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    reason text NOT NULL,
    taken_at timestamptz NOT NULL,
    UNIQUE (project_id, environment)
);

-- Whose start was refused because of a lock, to be told when it is gone. The key to the lock makes whoever adds a line
-- wait for whoever is about to release it.
CREATE TABLE techops.lock_waiters (
    project_id integer NOT NULL,
    environment text NOT NULL,
    user_id integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    deployment_id integer NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (project_id, environment, user_id, deployment_id),
    FOREIGN KEY (project_id, environment) REFERENCES techops.deployment_locks (project_id, environment) ON DELETE CASCADE
);

-- The dashboard's zone-less deployed_at cannot measure a duration across a change of the clocks.
CREATE TABLE techops.deployment_details (
    deployment_id integer PRIMARY KEY REFERENCES public.deployments (id) ON DELETE CASCADE,
    started_at timestamptz,
    override text,
    override_by integer REFERENCES public.users (id) ON DELETE SET NULL
);

-- On record, like everything else; nothing of it is posted.
CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.freezes
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('freeze');
CREATE TRIGGER techops_record_update AFTER UPDATE ON techops.freezes
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('freeze');
CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.deployment_locks
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_insert('lock');
CREATE TRIGGER techops_record_update AFTER UPDATE ON techops.deployment_locks
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('lock');
CREATE TRIGGER techops_record_delete AFTER DELETE ON techops.deployment_locks
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION techops.record_delete('lock');
