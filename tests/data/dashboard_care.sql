-- The documented care of the database, which its owner does outside any transaction.

ANALYZE;
VACUUM ANALYZE;
ANALYZE users;
ANALYZE projects;
ANALYZE deployments;
ANALYZE maintenance_requests;
ALTER TABLE deployments VALIDATE CONSTRAINT deployments_project_id_fkey;
