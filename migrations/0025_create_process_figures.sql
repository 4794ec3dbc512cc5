-- What each running process has counted, written every few seconds: worker and scheduler open no port that could be
-- asked. A web process that is asked for /metrics tells it with its own. Nothing that has to outlive a crash.
CREATE UNLOGGED TABLE techops.process_figures (
    process text NOT NULL,
    node text NOT NULL,
    at timestamptz NOT NULL,
    figures text NOT NULL,
    PRIMARY KEY (process, node)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON techops.process_figures TO techops_app;
