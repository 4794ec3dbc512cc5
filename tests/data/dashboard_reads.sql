-- What a back end and its operators ask, as documented; slow queries are left out, their columns no longer exist.

SELECT * FROM engineers_view;
SELECT * FROM project_summary_view;
SELECT * FROM maintenance_status_history;
SELECT schemaname, tablename, pg_size_pretty(pg_total_relation_size(schemaname||'.'||tablename))
FROM pg_tables WHERE schemaname = 'public'
ORDER BY pg_total_relation_size(schemaname||'.'||tablename) DESC;
SELECT indexrelname, relname, idx_tup_read, idx_tup_fetch, idx_tup_read::float / GREATEST(idx_tup_fetch, 1)
FROM pg_stat_user_indexes
ORDER BY idx_tup_read DESC;
SELECT count(*) FROM pg_stat_activity;
SELECT * FROM pg_locks WHERE NOT granted;
SELECT conname, conrelid::regclass, confrelid::regclass FROM pg_constraint
WHERE contype = 'f' AND NOT convalidated;
