-- The dashboard's documentation, version 1.0: every statement that makes the schema, word for word.

CREATE TABLE users (
    id SERIAL PRIMARY KEY,
    email VARCHAR(255) UNIQUE NOT NULL,
    name VARCHAR(255) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    role VARCHAR(50) NOT NULL DEFAULT 'user',
    is_active BOOLEAN DEFAULT true,
    last_login TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_users_email ON users(email);
CREATE INDEX idx_users_role ON users(role);
CREATE INDEX idx_users_active ON users(is_active);

CREATE TABLE project_groups (
    id SERIAL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE projects (
    id SERIAL PRIMARY KEY,
    group_id INTEGER REFERENCES project_groups(id) ON DELETE SET NULL,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    repository_url VARCHAR(500),
    production_url VARCHAR(500),
    staging_url VARCHAR(500),
    status VARCHAR(50) DEFAULT 'active',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_projects_group_id ON projects(group_id);
CREATE INDEX idx_projects_status ON projects(status);
CREATE INDEX idx_projects_name ON projects(name);

CREATE TABLE deployments (
    id SERIAL PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    version VARCHAR(100) NOT NULL,
    environment VARCHAR(50) NOT NULL,
    status VARCHAR(50) DEFAULT 'pending',
    deployed_by INTEGER REFERENCES users(id) ON DELETE SET NULL,
    deployed_at TIMESTAMP,
    duration INTEGER, -- in seconds
    notes TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_deployments_project_id ON deployments(project_id);
CREATE INDEX idx_deployments_status ON deployments(status);
CREATE INDEX idx_deployments_environment ON deployments(environment);
CREATE INDEX idx_deployments_deployed_at ON deployments(deployed_at);
CREATE INDEX idx_deployments_deployed_by ON deployments(deployed_by);

CREATE TABLE maintenance_requests (
    id SERIAL PRIMARY KEY,
    project_id INTEGER REFERENCES projects(id) ON DELETE SET NULL,
    requested_by INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    assigned_to INTEGER REFERENCES users(id) ON DELETE SET NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT NOT NULL,
    priority VARCHAR(20) DEFAULT 'medium',
    status VARCHAR(50) DEFAULT 'open',
    due_date TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_maintenance_project_id ON maintenance_requests(project_id);
CREATE INDEX idx_maintenance_requested_by ON maintenance_requests(requested_by);
CREATE INDEX idx_maintenance_assigned_to ON maintenance_requests(assigned_to);
CREATE INDEX idx_maintenance_status ON maintenance_requests(status);
CREATE INDEX idx_maintenance_priority ON maintenance_requests(priority);
CREATE INDEX idx_maintenance_due_date ON maintenance_requests(due_date);

CREATE TABLE maintenance_status_history (
    id SERIAL PRIMARY KEY,
    maintenance_request_id INTEGER NOT NULL REFERENCES maintenance_requests(id) ON DELETE CASCADE,
    old_status VARCHAR(50),
    new_status VARCHAR(50) NOT NULL,
    changed_by INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    notes TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_maintenance_history_request_id ON maintenance_status_history(maintenance_request_id);
CREATE INDEX idx_maintenance_history_changed_by ON maintenance_status_history(changed_by);

CREATE TABLE maintenance_work_logs (
    id SERIAL PRIMARY KEY,
    maintenance_request_id INTEGER NOT NULL REFERENCES maintenance_requests(id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    work_description TEXT NOT NULL,
    hours_spent DECIMAL(5,2),
    work_date DATE NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_work_logs_request_id ON maintenance_work_logs(maintenance_request_id);
CREATE INDEX idx_work_logs_user_id ON maintenance_work_logs(user_id);
CREATE INDEX idx_work_logs_work_date ON maintenance_work_logs(work_date);

CREATE VIEW engineers_view AS
SELECT
    u.id,
    u.name,
    u.email,
    u.role,
    u.is_active,
    u.last_login,
    COUNT(DISTINCT mr.id) as assigned_requests,
    COUNT(DISTINCT d.id) as total_deployments
FROM users u
LEFT JOIN maintenance_requests mr ON u.id = mr.assigned_to
LEFT JOIN deployments d ON u.id = d.deployed_by
WHERE u.role IN ('engineer', 'admin')
GROUP BY u.id, u.name, u.email, u.role, u.is_active, u.last_login;

CREATE VIEW project_summary_view AS
SELECT
    p.id,
    p.name,
    p.description,
    p.status,
    pg.name as group_name,
    COUNT(DISTINCT d.id) as total_deployments,
    COUNT(DISTINCT mr.id) as maintenance_requests,
    MAX(d.deployed_at) as last_deployment,
    COUNT(DISTINCT CASE WHEN d.status = 'success' THEN d.id END) as successful_deployments,
    COUNT(DISTINCT CASE WHEN mr.status = 'open' THEN mr.id END) as open_requests
FROM projects p
LEFT JOIN project_groups pg ON p.group_id = pg.id
LEFT JOIN deployments d ON p.id = d.project_id
LEFT JOIN maintenance_requests mr ON p.id = mr.project_id
GROUP BY p.id, p.name, p.description, p.status, pg.name;

-- Function to update timestamp
CREATE OR REPLACE FUNCTION update_updated_at_column()
RETURNS TRIGGER AS $$
BEGIN
    NEW.updated_at = CURRENT_TIMESTAMP;
    RETURN NEW;
END;
$$ language 'plpgsql';

-- Apply to all tables with updated_at column
CREATE TRIGGER update_users_updated_at
    BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE TRIGGER update_projects_updated_at
    BEFORE UPDATE ON projects
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE TRIGGER update_deployments_updated_at
    BEFORE UPDATE ON deployments
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE TRIGGER update_maintenance_requests_updated_at
    BEFORE UPDATE ON maintenance_requests
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE TRIGGER update_project_groups_updated_at
    BEFORE UPDATE ON project_groups
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE OR REPLACE FUNCTION log_maintenance_status_change()
RETURNS TRIGGER AS $$
BEGIN
    IF OLD.status IS DISTINCT FROM NEW.status THEN
        INSERT INTO maintenance_status_history (
            maintenance_request_id,
            old_status,
            new_status,
            changed_by,
            notes
        ) VALUES (
            NEW.id,
            OLD.status,
            NEW.status,
            NEW.assigned_to, -- Assuming the assigned person made the change
            'Status changed automatically'
        );
    END IF;
    RETURN NEW;
END;
$$ language 'plpgsql';

CREATE TRIGGER maintenance_status_change_trigger
    AFTER UPDATE ON maintenance_requests
    FOR EACH ROW EXECUTE FUNCTION log_maintenance_status_change();
