-- What a back end writes to the documented tables, in an order that works from the sample data on.

INSERT INTO users (email, name, password_hash, role) VALUES ('e@company.com', 'E', 'x', 'engineer');
INSERT INTO users (email, name, password_hash) VALUES ('u@company.com', 'U', 'x');
UPDATE users SET last_login = CURRENT_TIMESTAMP WHERE email = 'u@company.com';
UPDATE users SET role = 'admin', is_active = false WHERE email = 'u@company.com';
INSERT INTO project_groups (name) VALUES ('Mobile Apps');
UPDATE project_groups SET description = 'Apps' WHERE name = 'Mobile Apps';
INSERT INTO projects (group_id, name) SELECT id, 'App' FROM project_groups WHERE name = 'Mobile Apps';
UPDATE projects SET status = 'archived' WHERE name = 'App';
UPDATE projects SET docker_image = 'nginx:latest' WHERE name LIKE '%App%';
INSERT INTO deployments (project_id, version, environment, deployed_by, deployed_at, duration, notes)
SELECT p.id, 'v2.1.0', 'production', u.id, CURRENT_TIMESTAMP, 120, 'x' FROM projects p, users u;
UPDATE deployments SET status = 'in_progress';
UPDATE deployments SET status = 'rolled_back', duration = 200 WHERE environment = 'production';
INSERT INTO maintenance_requests (project_id, requested_by, title, description, priority, due_date)
SELECT p.id, u.id, 'T', 'D', 'critical', CURRENT_DATE + INTERVAL '7 days' FROM projects p, users u;
UPDATE maintenance_requests SET status = 'in_progress' WHERE assigned_to IS NULL;
UPDATE maintenance_requests SET assigned_to = (SELECT id FROM users WHERE email = 'e@company.com');
UPDATE maintenance_requests SET status = 'completed';
UPDATE maintenance_requests SET status = 'open', assigned_to = NULL;
INSERT INTO maintenance_status_history (maintenance_request_id, new_status, changed_by)
SELECT id, 'open', requested_by FROM maintenance_requests;
INSERT INTO maintenance_work_logs (maintenance_request_id, user_id, work_description, hours_spent, work_date)
SELECT id, requested_by, 'W', 1.5, CURRENT_DATE FROM maintenance_requests;
UPDATE maintenance_work_logs SET hours_spent = 2.25;
DELETE FROM maintenance_work_logs WHERE id = (SELECT min(id) FROM maintenance_work_logs);
DELETE FROM maintenance_requests WHERE id = (SELECT min(id) FROM maintenance_requests);
DELETE FROM users WHERE email = 'e@company.com';
DELETE FROM users WHERE email = 'admin@company.com';
DELETE FROM projects WHERE name = 'App';
DELETE FROM project_groups;
DELETE FROM projects;
DELETE FROM users;
