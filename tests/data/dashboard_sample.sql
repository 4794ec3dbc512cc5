-- The dashboard's documentation: its sample data, word for word.

-- Password: admin123 (bcrypt hashed)
INSERT INTO users (email, name, password_hash, role) VALUES (
    'admin@company.com',
    'System Administrator',
    '$2b$12$LQv3c1yqBWVHxkd0LHAkCOYz6TtxMQJqhN8/LewdBPj3QJflHQrxG',
    'admin'
);

-- Project group
INSERT INTO project_groups (name, description) VALUES (
    'Web Applications',
    'Customer-facing web applications and services'
);

-- Sample project
INSERT INTO projects (group_id, name, description, repository_url, production_url, staging_url) VALUES (
    1,
    'E-commerce Platform',
    'Main e-commerce website and API',
    'https://github.com/company/ecommerce',
    'https://shop.company.com',
    'https://staging-shop.company.com'
);

INSERT INTO maintenance_requests (
    project_id,
    requested_by,
    title,
    description,
    priority,
    due_date
) VALUES (
    1,
    1,
    'Database Performance Optimization',
    'Optimize slow queries in the user management module to improve page load times.',
    'high',
    CURRENT_DATE + INTERVAL '7 days'
);
