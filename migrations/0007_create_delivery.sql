-- What has been posted in Slack and what is about to be. The queue may run a job twice; these tables see to it that
-- nobody reads a message twice and that none is lost. No foreign keys to the dashboard's tables: its deletes must not
-- depend on what was posted about a row.

-- One message per record and channel, edited as the record changes. `edition` counts up when the message is gone and
-- another has to be posted; `shown` is a digest of what the message shows; the lease keeps two workers from one card.
CREATE TABLE techops.cards (
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    channel_id text NOT NULL,
    message_ts text,
    edition integer NOT NULL DEFAULT 1,
    shown text,
    lease_token uuid,
    lease_job bigint,
    lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject_kind, subject_id, channel_id)
);
CREATE INDEX cards_message_idx ON techops.cards (channel_id, message_ts) WHERE message_ts IS NOT NULL;

-- One line per activity and target: a channel's id, or 'user:' and a person's Slack id.
CREATE TABLE techops.ledger (
    activity_id bigint NOT NULL,
    target text NOT NULL,
    subject_kind text NOT NULL,
    subject_id bigint NOT NULL,
    noted_at timestamptz NOT NULL,
    posted_at timestamptz,
    PRIMARY KEY (activity_id, target)
);
CREATE INDEX ledger_unposted_idx ON techops.ledger (subject_kind, subject_id, target) WHERE posted_at IS NULL;

-- A message's key is written down before Slack is called (`intended_at`) and travels with the message. A row with an
-- intent but without `message_ts` is in doubt: it is looked for in Slack before it is posted again.
CREATE TABLE techops.messages (
    key text PRIMARY KEY,
    target text NOT NULL,
    thread_ts text,
    planned_at timestamptz NOT NULL,
    intended_at timestamptz,
    blind_posts integer NOT NULL DEFAULT 0,
    channel_id text,
    message_ts text,
    posted_at timestamptz
);
CREATE INDEX messages_open_idx ON techops.messages (intended_at) WHERE message_ts IS NULL;

-- Until when nothing is posted to a target: Slack asked for a rest, or the channel cannot be written to.
CREATE TABLE techops.channel_pauses (
    channel_id text PRIMARY KEY,
    until timestamptz NOT NULL,
    reason text NOT NULL
);

-- Totals that metrics show whichever process is asked.
CREATE TABLE techops.counters (
    name text PRIMARY KEY,
    total bigint NOT NULL DEFAULT 0
);
INSERT INTO techops.counters (name) VALUES ('techops_maybe_duplicate_total');
