-- Every scheduler ticks; whoever inserts the claim of a due time first has it done. The time is the local wall clock's,
-- so that an hour which autumn brings twice is one claim.

CREATE TABLE techops.claims (
    job text NOT NULL,
    due_local timestamp NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    PRIMARY KEY (job, due_local)
);
CREATE INDEX claims_claimed_at_idx ON techops.claims (claimed_at);
