"""What two busy years leave in the bot's own tables, beside the named data set of benchmarks/_dataset.py.

10,000 people, 2 million changes on record, a card for each of 600,000 records, and a week or a month of what is kept
for a week or a month.
"""

from typing import Final

# Ten thousand people, of whom the first two hundred do what the data set tells of.
PEOPLE: Final = """
INSERT INTO public.users (name, email, password_hash, role)
SELECT 'Person ' || n, n || '@example.com', 'x', 'user' FROM generate_series(201, 10000) AS n
"""
IDENTITIES: Final = """
INSERT INTO techops.slack_identities (team_id, slack_user_id, user_id, name, tz)
SELECT 'T0SANDBOX', 'U1' || lpad(u.id::text, 5, '0'), u.id, u.name, 'Europe/Berlin'
FROM public.users AS u WHERE u.id > 200
"""
# The bot has been there for the last 700,000 deployments; now and then somebody changes an account.
CHANGES: Final = """
INSERT INTO techops.activity (at, xid, actor_id, source, origin, subject_kind, subject_id, verb, old, new)
SELECT c.at, c.xid::text::xid8, c.actor_id, c.source, c.origin, c.kind, c.id, c.verb, c.old, c.new
FROM (
    SELECT r.created_at::timestamptz AS at, 10000000 + r.id AS xid, r.requested_by AS actor_id, 'slack' AS source,
        '{"command": "/maintenance"}'::jsonb AS origin, 'maintenance' AS kind, r.id, 'created' AS verb,
        NULL::jsonb AS old, jsonb_build_object('title', r.title, 'project_id', r.project_id,
            'assigned_to', r.assigned_to, 'status', 'open', 'priority', r.priority) AS new
    FROM public.maintenance_requests AS r
    UNION ALL
    SELECT h.created_at::timestamptz, 20000000 + h.id, h.changed_by, 'slack', NULL, 'maintenance',
        h.maintenance_request_id, 'started', '{"status": "open"}', '{"status": "in_progress"}'
    FROM public.maintenance_status_history AS h
    UNION ALL
    SELECT d.created_at::timestamptz, 30000000 + d.id, d.deployed_by, 'api', '{"token": "ci"}', 'deployment', d.id,
        'created', NULL, jsonb_build_object('project_id', d.project_id, 'version', d.version, 'status', d.status)
    FROM public.deployments AS d
    WHERE d.id > (SELECT max(m.id) - 700000 FROM public.deployments AS m)
    UNION ALL
    SELECT now() - n * interval '7 hours', 40000000 + n, 1, 'cli', NULL, 'user', n, 'role_changed',
        '{"role": "user"}', '{"role": "engineer"}'
    FROM generate_series(1, 2000) AS n
) AS c
ORDER BY c.at
"""
APPROVALS: Final = """
INSERT INTO techops.approvals (subject_kind, subject_id, required, role, own_counts, status, asked, requested_by,
    requested_at, remind_at, expires_at, decided_at)
SELECT 'deployment', d.id, 1, 'engineer', false,
    CASE WHEN d.status = 'pending' AND d.created_at > now()::timestamp - interval '3 days' THEN 'pending'
        WHEN d.id % 20 = 0 THEN 'skipped' ELSE 'approved' END,
    '{}', d.deployed_by, d.created_at::timestamptz, d.created_at::timestamptz + interval '12 hours',
    d.created_at::timestamptz + interval '4 days', d.created_at::timestamptz + interval '1 hour'
FROM public.deployments AS d
WHERE d.environment = 'production' AND d.id > (SELECT max(m.id) - 700000 FROM public.deployments AS m) ORDER BY d.id
"""
VOTES: Final = """
INSERT INTO techops.approval_votes (approval_id, user_id, vote, at)
SELECT a.id, 1 + a.id % 80, 'approve', a.decided_at FROM techops.approvals AS a WHERE a.status = 'approved'
"""
CARDS: Final = """
INSERT INTO techops.cards (subject_kind, subject_id, channel_id, message_ts, shown, created_at)
SELECT 'maintenance', r.id, 'C' || r.id % 50, '1700000000.' || r.id, 'x', r.created_at::timestamptz
FROM public.maintenance_requests AS r
UNION ALL
SELECT 'deployment', d.id, 'C' || d.id % 50, '1800000000.' || d.id, 'x', d.created_at::timestamptz
FROM public.deployments AS d WHERE d.id > (SELECT max(m.id) - 300000 FROM public.deployments AS m)
"""
LEDGER: Final = """
INSERT INTO techops.ledger (activity_id, target, subject_kind, subject_id, noted_at, posted_at)
SELECT a.id, 'C' || a.subject_id % 50, a.subject_kind, a.subject_id, a.at,
    CASE WHEN a.id <= (SELECT max(m.id) - 200 FROM techops.activity AS m) THEN a.at + interval '1 second' END
FROM techops.activity AS a WHERE a.id > (SELECT max(m.id) - 1000000 FROM techops.activity AS m)
"""
MESSAGES: Final = """
INSERT INTO techops.messages (key, target, planned_at, intended_at, channel_id, message_ts, posted_at)
SELECT 'request:' || n, 'C' || n % 50, r.at, r.at, 'C' || n % 50, CASE WHEN n % 4000 > 0 THEN '17.' || n END,
    CASE WHEN n % 4000 > 0 THEN r.at END
FROM generate_series(1, 200000) AS n, LATERAL (SELECT now() - n * interval '15 seconds' AS at) AS r
"""
ACTS: Final = """
INSERT INTO techops.acts (key, at, answer)
SELECT 'trigger:' || n, now() - n * interval '3 seconds', '{"text": "Done."}' FROM generate_series(1, 250000) AS n
"""
CLAIMS: Final = """
INSERT INTO techops.claims (job, due_local, claimed_at, done_at)
SELECT j.name, now()::timestamp - n * interval '1 minute', now() - n * interval '1 minute',
    now() - n * interval '1 minute'
FROM generate_series(1, 10080) AS n, unnest(ARRAY['reminders', 'audit_seal', 'digest', 'approvals_expiry']) AS j (name)
"""
COMMENTS: Final = """
INSERT INTO techops.comments (maintenance_request_id, user_id, body, created_at)
SELECT 1 + n % 300000, 1 + n % 200, 'Looks fine to me.', now() FROM generate_series(1, 200000) AS n
"""
REMINDERS: Final = """
INSERT INTO techops.reminders_sent (request_id, due_at, step, user_id, sent_at)
SELECT r.id, r.due_date::timestamptz, s.step, r.assigned_to, r.due_date::timestamptz
FROM public.maintenance_requests AS r, unnest(ARRAY['before', 'due', 'overdue:' || r.due_date::date]) AS s (step)
WHERE r.due_date < now()::timestamp
"""
SNOOZES: Final = """
INSERT INTO techops.snoozes (request_id, user_id, due_at, until, created_at)
SELECT r.id, r.requested_by, r.due_date::timestamptz, now() + (r.id % 600 - 300) * interval '1 day', now()
FROM public.maintenance_requests AS r WHERE r.due_date IS NOT NULL AND r.id % 20 = 0
"""
DETAILS: Final = """
INSERT INTO techops.deployment_details (deployment_id, started_at)
SELECT d.id, d.created_at::timestamptz FROM public.deployments AS d
WHERE d.id > (SELECT max(m.id) - 300000 FROM public.deployments AS m)
"""
TOKENS: Final = """
INSERT INTO techops.api_tokens (name, token_sha256, owner_id, scopes, created_at)
SELECT 'ci ' || n, sha256(convert_to(n::text, 'UTF8')), 1 + n % 80, '{}', now() FROM generate_series(1, 500) AS n
"""
KEYS: Final = """
INSERT INTO techops.idempotency_keys (token_id, key, body_sha256, subject_kind, subject_id, at)
SELECT 1 + n % 500, 'key ' || n, '', 'deployment', n, now() - n * interval '6 seconds'
FROM generate_series(1, 120000) AS n
"""
DELIVERIES: Final = """
INSERT INTO techops.webhook_deliveries (source, delivery_id, external_id, outcome, deployment_id, at)
SELECT 'github', 'd' || n, 'e' || n / 3, 'recorded', n, now() - n * interval '40 seconds'
FROM generate_series(1, 200000) AS n
"""
JOBS: Final = """
INSERT INTO techops.pgqueuer (priority, created, execute_after, status, entrypoint, payload, attempts)
SELECT 0, now() - n * interval '1 second', now() + (n % 600 - 300) * interval '1 second',
    CASE WHEN n % 200 = 0 THEN 'failed' ELSE 'queued' END::techops.pgqueuer_status,
    (ARRAY['announce', 'card', 'direct'])[1 + n % 3], convert_to((30000000 + n)::text, 'UTF8'), n % 2
FROM generate_series(1, 5000) AS n
"""
JOB_LOG: Final = """
INSERT INTO techops.pgqueuer_log (created, job_id, status, priority, entrypoint, aggregated)
SELECT now() - n / 3 * interval '20 seconds', n / 3,
    (ARRAY['queued', 'picked', 'successful'])[1 + n % 3]::techops.pgqueuer_status, 0, 'announce', true
FROM generate_series(1, 500000) AS n
"""
JOB_STATISTICS: Final = """
INSERT INTO techops.pgqueuer_statistics (created, count, priority, status, entrypoint)
SELECT date_trunc('second', now()) - n * interval '10 seconds', 1, 0, 'successful', 'announce'
FROM generate_series(1, 300000) AS n
"""
SIGN_INS: Final = """
INSERT INTO techops.links (token_sha256, kind, user_id, made_at, expires_at)
SELECT sha256(convert_to(n::text, 'UTF8')), 'password', n, now() - n * interval '1 minute',
    now() - n * interval '1 minute' + interval '1 day'
FROM generate_series(1, 9000) AS n
"""
ATTEMPTS: Final = """
INSERT INTO techops.sign_in_attempts (at, account_sha256, remote_address, user_id)
SELECT now() - n * interval '3 seconds', sha256(convert_to((n % 10000)::text, 'UTF8')), '10.0.0.' || n % 250,
    1 + n % 10000
FROM generate_series(1, 30000) AS n
"""
SESSIONS: Final = """
INSERT INTO techops.page_sessions (session_sha256, user_id, made_at, expires_at)
SELECT sha256(convert_to(n::text, 'UTF8')), n, now() - n * interval '10 seconds',
    now() - n * interval '10 seconds' + interval '12 hours'
FROM generate_series(1, 5000) AS n
"""
SETTINGS: Final = """
INSERT INTO techops.person_settings (user_id, direct_messages, home_opened_at, updated_at)
SELECT n, n % 50 > 0, now(), now() FROM generate_series(1, 10000) AS n
"""
HOURS: Final = """
INSERT INTO techops.working_hours (user_id, starts_at, ends_at, days, updated_at)
SELECT n, '09:00', '17:00', '{1,2,3,4,5}', now() FROM generate_series(1, 10000, 2) AS n
"""
SUBSCRIPTIONS: Final = """
INSERT INTO techops.subscriptions (channel_id, kind, project_id, cadence, at, tz, days, created_by, created_at)
SELECT 'C' || n, (ARRAY['maintenance', 'deployments', 'digest'])[1 + n % 3], CASE WHEN n > 20 THEN n END,
    CASE WHEN n % 3 = 2 THEN 'daily' END, '09:00', 'Europe/Berlin', '{1,2,3,4,5}', 1 + n % 80, now()
FROM generate_series(1, 500) AS n
"""
DIGESTS: Final = """
INSERT INTO techops.digests_sent (subscription_id, day, sent_at)
SELECT s.id, (now() - n * interval '1 day')::date, now() - n * interval '1 day'
FROM techops.subscriptions AS s, generate_series(1, 40) AS n WHERE s.kind = 'digest'
"""
LOCKS: Final = """
INSERT INTO techops.deployment_locks (project_id, environment, holder_id, reason, taken_at)
SELECT n, 'staging', 1 + n % 80, 'Tests run.', now() FROM generate_series(1, 300) AS n
"""
WAITERS: Final = """
INSERT INTO techops.lock_waiters (project_id, environment, user_id, deployment_id, since)
SELECT n, 'staging', 100 + n % 80, n, now() FROM generate_series(1, 300) AS n
"""
FREEZES: Final = """
INSERT INTO techops.freezes (environment, starts_at, ends_at, tz, reason, created_by)
SELECT 'production', now() - (n - 3) * interval '1 day', now() - (n - 4) * interval '1 day', 'UTC', 'Year end', 1
FROM generate_series(1, 700) AS n
"""
POLICIES: Final = """
INSERT INTO techops.approval_policies (subject_kind, match, project_id, required)
SELECT 'deployment', 'production', n, 1 FROM generate_series(1, 200) AS n
"""
RUNS: Final = """
INSERT INTO techops.maintenance_runs (due_key, source, requested_at, status, started_at, finished_at, total_steps)
SELECT 'nightly:' || n, 'scheduler', r.at, 'succeeded', r.at, r.at, 10
FROM generate_series(1, 730) AS n, LATERAL (SELECT now() - (731 - n) * interval '1 day' AS at) AS r
"""
STEPS: Final = """
INSERT INTO techops.maintenance_steps (run_id, position, name, status, summary)
SELECT r.id, n, 'step ' || n, 'ok', 'All is well.' FROM techops.maintenance_runs AS r, generate_series(1, 10) AS n
"""
BACKUPS: Final = """
INSERT INTO techops.backups (status, source, started_at, finished_at, file, removed_at)
SELECT 'verified', 'scheduler', r.at, r.at, 'b' || n, CASE WHEN n < 700 THEN now() END
FROM generate_series(1, 730) AS n, LATERAL (SELECT now() - (731 - n) * interval '1 day' AS at) AS r
"""

MORE: Final = (
    *(PEOPLE, IDENTITIES, CHANGES, APPROVALS, VOTES, CARDS, LEDGER, MESSAGES, ACTS),
    *(CLAIMS, COMMENTS, REMINDERS, SNOOZES, DETAILS, TOKENS, KEYS, DELIVERIES, JOBS, JOB_LOG, JOB_STATISTICS, SIGN_INS),
    *(ATTEMPTS, SESSIONS, SETTINGS, HOURS, SUBSCRIPTIONS, DIGESTS, LOCKS, WAITERS, FREEZES, POLICIES, RUNS, STEPS),
    BACKUPS,
)
