-- Backups: one row a run. What a backup held is kept with it, so that a later restore can be compared with it.

CREATE TABLE techops.backups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('running', 'verified', 'unverified', 'damaged', 'failed')),
    source text NOT NULL,
    asked_by integer,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    seconds double precision,
    file text,
    size_bytes bigint,
    sha256 text,
    tool_version text,
    server_version text,
    contents jsonb,
    verified_at timestamptz,
    copied_at timestamptz,
    removed_at timestamptz,
    fault text,
    notes text
);
COMMENT ON COLUMN techops.backups.status IS
    'verified: restored and compared; unverified: there, but not proven; damaged: was there, and is not what it was';
COMMENT ON COLUMN techops.backups.contents IS 'rows of each table, and the constraints, in the snapshot that was dumped';
COMMENT ON COLUMN techops.backups.file IS 'name of the archive in BACKUP_DIR; removed_at says when retention deleted it';
CREATE INDEX backups_started_idx ON techops.backups (started_at, id);
CREATE INDEX backups_kept_idx ON techops.backups (started_at, id) WHERE file IS NOT NULL AND removed_at IS NULL;
