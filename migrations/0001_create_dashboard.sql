-- The dashboard's own schema, version 1.0, so that an empty database becomes one that the dashboard can use. On a
-- database which the dashboard made itself every object is there already and is left exactly as it is.

CREATE TABLE IF NOT EXISTS public.users (
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

CREATE INDEX IF NOT EXISTS idx_users_email ON public.users (email);
CREATE INDEX IF NOT EXISTS idx_users_role ON public.users (role);
CREATE INDEX IF NOT EXISTS idx_users_active ON public.users (is_active);

CREATE TABLE IF NOT EXISTS public.project_groups (
    id SERIAL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS public.projects (
    id SERIAL PRIMARY KEY,
    group_id INTEGER REFERENCES public.project_groups (id) ON DELETE SET NULL,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    repository_url VARCHAR(500),
    production_url VARCHAR(500),
    staging_url VARCHAR(500),
    status VARCHAR(50) DEFAULT 'active',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_projects_group_id ON public.projects (group_id);
CREATE INDEX IF NOT EXISTS idx_projects_status ON public.projects (status);
CREATE INDEX IF NOT EXISTS idx_projects_name ON public.projects (name);

CREATE TABLE IF NOT EXISTS public.deployments (
    id SERIAL PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES public.projects (id) ON DELETE CASCADE,
    version VARCHAR(100) NOT NULL,
    environment VARCHAR(50) NOT NULL,
    status VARCHAR(50) DEFAULT 'pending',
    deployed_by INTEGER REFERENCES public.users (id) ON DELETE SET NULL,
    deployed_at TIMESTAMP,
    duration INTEGER, -- in seconds
    notes TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_deployments_project_id ON public.deployments (project_id);
CREATE INDEX IF NOT EXISTS idx_deployments_status ON public.deployments (status);
CREATE INDEX IF NOT EXISTS idx_deployments_environment ON public.deployments (environment);
CREATE INDEX IF NOT EXISTS idx_deployments_deployed_at ON public.deployments (deployed_at);
CREATE INDEX IF NOT EXISTS idx_deployments_deployed_by ON public.deployments (deployed_by);

CREATE TABLE IF NOT EXISTS public.maintenance_requests (
    id SERIAL PRIMARY KEY,
    project_id INTEGER REFERENCES public.projects (id) ON DELETE SET NULL,
    requested_by INTEGER NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    assigned_to INTEGER REFERENCES public.users (id) ON DELETE SET NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT NOT NULL,
    priority VARCHAR(20) DEFAULT 'medium',
    status VARCHAR(50) DEFAULT 'open',
    due_date TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_maintenance_project_id ON public.maintenance_requests (project_id);
CREATE INDEX IF NOT EXISTS idx_maintenance_requested_by ON public.maintenance_requests (requested_by);
CREATE INDEX IF NOT EXISTS idx_maintenance_assigned_to ON public.maintenance_requests (assigned_to);
CREATE INDEX IF NOT EXISTS idx_maintenance_status ON public.maintenance_requests (status);
CREATE INDEX IF NOT EXISTS idx_maintenance_priority ON public.maintenance_requests (priority);
CREATE INDEX IF NOT EXISTS idx_maintenance_due_date ON public.maintenance_requests (due_date);

CREATE TABLE IF NOT EXISTS public.maintenance_status_history (
    id SERIAL PRIMARY KEY,
    maintenance_request_id INTEGER NOT NULL REFERENCES public.maintenance_requests (id) ON DELETE CASCADE,
    old_status VARCHAR(50),
    new_status VARCHAR(50) NOT NULL,
    changed_by INTEGER NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    notes TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_maintenance_history_request_id ON public.maintenance_status_history (maintenance_request_id);
CREATE INDEX IF NOT EXISTS idx_maintenance_history_changed_by ON public.maintenance_status_history (changed_by);

CREATE TABLE IF NOT EXISTS public.maintenance_work_logs (
    id SERIAL PRIMARY KEY,
    maintenance_request_id INTEGER NOT NULL REFERENCES public.maintenance_requests (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    work_description TEXT NOT NULL,
    hours_spent DECIMAL(5,2),
    work_date DATE NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_work_logs_request_id ON public.maintenance_work_logs (maintenance_request_id);
CREATE INDEX IF NOT EXISTS idx_work_logs_user_id ON public.maintenance_work_logs (user_id);
CREATE INDEX IF NOT EXISTS idx_work_logs_work_date ON public.maintenance_work_logs (work_date);

DO $migration$
BEGIN
    IF to_regclass('public.engineers_view') IS NULL THEN
        CREATE VIEW public.engineers_view AS
        SELECT
            u.id,
            u.name,
            u.email,
            u.role,
            u.is_active,
            u.last_login,
            COUNT(DISTINCT mr.id) as assigned_requests,
            COUNT(DISTINCT d.id) as total_deployments
        FROM public.users u
        LEFT JOIN public.maintenance_requests mr ON u.id = mr.assigned_to
        LEFT JOIN public.deployments d ON u.id = d.deployed_by
        WHERE u.role IN ('engineer', 'admin')
        GROUP BY u.id, u.name, u.email, u.role, u.is_active, u.last_login;
    END IF;
    IF to_regclass('public.project_summary_view') IS NULL THEN
        CREATE VIEW public.project_summary_view AS
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
        FROM public.projects p
        LEFT JOIN public.project_groups pg ON p.group_id = pg.id
        LEFT JOIN public.deployments d ON p.id = d.project_id
        LEFT JOIN public.maintenance_requests mr ON p.id = mr.project_id
        GROUP BY p.id, p.name, p.description, p.status, pg.name;
    END IF;
    IF to_regprocedure('public.update_updated_at_column()') IS NULL THEN
        CREATE FUNCTION public.update_updated_at_column()
        RETURNS TRIGGER AS $function$
        BEGIN
            NEW.updated_at = CURRENT_TIMESTAMP;
            RETURN NEW;
        END;
        $function$ LANGUAGE plpgsql;
    END IF;
    IF to_regprocedure('public.log_maintenance_status_change()') IS NULL THEN
        CREATE FUNCTION public.log_maintenance_status_change()
        RETURNS TRIGGER AS $function$
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
        $function$ LANGUAGE plpgsql;
    END IF;
END
$migration$;

-- One by one and only what is missing: CREATE OR REPLACE TRIGGER would lock the table and enable what somebody disabled.
DO $migration$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('update_users_updated_at', 'users', 'BEFORE', 'update_updated_at_column'),
            ('update_projects_updated_at', 'projects', 'BEFORE', 'update_updated_at_column'),
            ('update_deployments_updated_at', 'deployments', 'BEFORE', 'update_updated_at_column'),
            ('update_maintenance_requests_updated_at', 'maintenance_requests', 'BEFORE', 'update_updated_at_column'),
            ('update_project_groups_updated_at', 'project_groups', 'BEFORE', 'update_updated_at_column'),
            ('maintenance_status_change_trigger', 'maintenance_requests', 'AFTER', 'log_maintenance_status_change')
        ) AS document (trigger_name, table_name, moment, function_name)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = format('public.%I', document.table_name)::regclass AND tgname = document.trigger_name
        )
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I %s UPDATE ON public.%I FOR EACH ROW EXECUTE FUNCTION public.%I()',
            wanted.trigger_name, wanted.moment, wanted.table_name, wanted.function_name
        );
    END LOOP;
END
$migration$;
