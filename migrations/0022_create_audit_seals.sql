-- The activity log, sealed: each segment names the rows it holds, and its hash covers them and the segment before it. How
-- rows are written for the hash stands in db/queries/audit.py as form 1; a form once used is never changed.

CREATE TABLE techops.audit_seals (
    number bigint PRIMARY KEY CHECK (number > 0),
    form smallint NOT NULL,
    ids int8multirange NOT NULL,
    upto bigint NOT NULL,
    settled bigint NOT NULL,
    row_count integer NOT NULL CHECK (row_count > 0),
    late_count integer NOT NULL CHECK (late_count BETWEEN 0 AND row_count),
    sealed_at timestamptz NOT NULL,
    next_xid xid8 NOT NULL,
    content bytea NOT NULL CHECK (length(content) = 32),
    marks bytea NOT NULL CHECK (length(marks) = 8 * row_count),
    previous bytea NOT NULL UNIQUE CHECK (length(previous) = 32),
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    file text,
    file_sha256 text,
    removed_at timestamptz,
    CHECK (removed_at IS NULL OR (file IS NOT NULL AND file_sha256 IS NOT NULL))
);
COMMENT ON COLUMN techops.audit_seals.ids IS 'which rows of techops.activity it holds';
COMMENT ON COLUMN techops.audit_seals.upto IS 'the largest id sealed so far, in this segment or an earlier one';
COMMENT ON COLUMN techops.audit_seals.late_count IS 'rows with a lower id than an earlier segment has: committed later';
COMMENT ON COLUMN techops.audit_seals.settled IS
    'no transaction was open any more that could have brought a row up to this id: one that comes later was put in';
COMMENT ON COLUMN techops.audit_seals.next_xid IS
    'the first transaction that had not begun; once none before it is open, upto is settled';
COMMENT ON COLUMN techops.audit_seals.content IS 'SHA-256 of the SHA-256 of each row, in the order of ids';
COMMENT ON COLUMN techops.audit_seals.marks IS 'the first 8 bytes of each row''s SHA-256, to find the one that differs';
COMMENT ON COLUMN techops.audit_seals.removed_at IS 'when its rows were deleted, after they had been exported to file';
CREATE INDEX audit_seals_kept_idx ON techops.audit_seals (number) WHERE removed_at IS NULL;

-- The bot seals and reads. It changes no seal and deletes nothing: what is exported is removed by the tables' owner.
GRANT SELECT, INSERT (number, form, ids, upto, settled, row_count, late_count, sealed_at, next_xid, content, marks, previous, hash)
    ON techops.audit_seals TO techops_app;
