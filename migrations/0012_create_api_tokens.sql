-- Programs beside people: the tokens they show, the keys that make one call have one effect however often it is sent, and
-- the deliveries of webhooks. A token is kept as the SHA-256 of a long random secret; bcrypt is for secrets people choose.

CREATE TABLE techops.api_tokens (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    owner_id integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_tokens_owner_idx ON techops.api_tokens (owner_id);

-- Which record a key made, or changed. No key to the record: one that was deleted since is still not made a second time.
CREATE TABLE techops.idempotency_keys (
    token_id integer NOT NULL REFERENCES techops.api_tokens (id) ON DELETE CASCADE,
    key text NOT NULL,
    body_sha256 bytea NOT NULL,
    subject_kind text,
    subject_id bigint,
    at timestamptz NOT NULL,
    PRIMARY KEY (token_id, key)
);
CREATE INDEX idempotency_keys_at_idx ON techops.idempotency_keys (at);

-- Several deliveries tell of one deployment; external_id, the sender's own number of it, leads from one to the other.
CREATE TABLE techops.webhook_deliveries (
    source text NOT NULL,
    delivery_id text NOT NULL,
    external_id text,
    outcome text NOT NULL,
    deployment_id integer,
    at timestamptz NOT NULL,
    PRIMARY KEY (source, delivery_id)
);
CREATE INDEX webhook_deliveries_external_idx ON techops.webhook_deliveries (source, external_id)
    WHERE deployment_id IS NOT NULL;
CREATE INDEX webhook_deliveries_at_idx ON techops.webhook_deliveries (at);

-- Who made a token, and who revoked it, is on record; its use and its hash are not.
CREATE TRIGGER techops_record_insert AFTER INSERT ON techops.api_tokens
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_insert('token', 'token_sha256', 'last_used_at');
CREATE TRIGGER techops_record_update AFTER UPDATE ON techops.api_tokens
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_update('token', 'token_sha256', 'last_used_at');
CREATE TRIGGER techops_record_delete AFTER DELETE ON techops.api_tokens
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
    EXECUTE FUNCTION techops.record_delete('token', 'token_sha256', 'last_used_at');
