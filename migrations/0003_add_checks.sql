-- The documentation says which values role, status, environment and priority may have, but no constraint holds anybody to
-- it. Each rule is added where every row keeps it; otherwise it is left out, its offenders are recorded and stay as they
-- are, and `techops migrate --retry-checks` adds it when they have been corrected.

SELECT techops.add_check(
    'public.users', 'chk_users_role', 'role',
    'role IN (''admin'', ''engineer'', ''user'')'
);
SELECT techops.add_check(
    'public.projects', 'chk_projects_status', 'status',
    'status IN (''active'', ''inactive'', ''archived'')'
);
SELECT techops.add_check(
    'public.deployments', 'chk_deployments_environment', 'environment',
    'environment IN (''production'', ''staging'', ''development'')'
);
SELECT techops.add_check(
    'public.deployments', 'chk_deployments_status', 'status',
    'status IN (''pending'', ''in_progress'', ''success'', ''failed'', ''rolled_back'')'
);
SELECT techops.add_check(
    'public.maintenance_requests', 'chk_maintenance_requests_priority', 'priority',
    'priority IN (''low'', ''medium'', ''high'', ''critical'')'
);
SELECT techops.add_check(
    'public.maintenance_requests', 'chk_maintenance_requests_status', 'status',
    'status IN (''open'', ''in_progress'', ''completed'', ''cancelled'')'
);
