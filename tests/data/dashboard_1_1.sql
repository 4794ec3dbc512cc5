-- The dashboard's documentation: its step from version 1.0 to 1.1, word for word.

-- Add new columns
ALTER TABLE projects ADD COLUMN docker_image VARCHAR(255);
ALTER TABLE projects ADD COLUMN health_check_url VARCHAR(500);

-- Create new indexes
CREATE INDEX idx_projects_docker_image ON projects(docker_image);

-- Update existing data
UPDATE projects SET docker_image = 'nginx:latest' WHERE name LIKE '%frontend%';
UPDATE projects SET docker_image = 'node:18-alpine' WHERE name LIKE '%api%';

-- Add constraints
ALTER TABLE projects ADD CONSTRAINT chk_docker_image_format
    CHECK (docker_image ~ '^[a-z0-9._/-]+:[a-z0-9._-]+$');
