"""Constraints that do not hold what they say, sequences and transaction ids that come to their end."""

from typing import Final

from db.models_care import Ages, Constraint, SequenceUse
from db.pool import Conn

# A foreign key's rows are looked for with the columns that it names; MATCH FULL and PARTIAL count as SIMPLE.
LIST_CONSTRAINTS: Final = r"""
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks AS l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
        AND l.relation IS NOT NULL
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
), keys AS (
    SELECT c.oid,
        string_agg(format('child.%I IS NOT NULL', ca.attname), ' AND ' ORDER BY k.position) AS present,
        string_agg(format('parent.%I = child.%I', pa.attname, ca.attname), ' AND ' ORDER BY k.position) AS matches
    FROM pg_constraint AS c
    CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (child, parent, position)
    JOIN pg_attribute AS ca ON ca.attrelid = c.conrelid AND ca.attnum = k.child
    JOIN pg_attribute AS pa ON pa.attrelid = c.confrelid AND pa.attnum = k.parent
    WHERE c.contype = 'f'
    GROUP BY c.oid
)
SELECT format('%I', c.conname) AS name, format('%I.%I', n.nspname, t.relname) AS table_name,
    CASE c.contype WHEN 'f' THEN 'foreign key' ELSE 'check' END AS kind, c.convalidated AS is_validated,
    NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgconstraint = c.oid AND g.tgenabled = 'D') AS is_enforced,
    CASE c.contype
        WHEN 'f' THEN format('FROM ONLY %I.%I AS child WHERE %s AND NOT EXISTS (SELECT FROM %I.%I AS parent WHERE %s)',
            n.nspname, t.relname, k.present, pn.nspname, p.relname, k.matches)
        ELSE format('FROM ONLY %I.%I WHERE NOT (%s)', n.nspname, t.relname, pg_get_expr(c.conbin, c.conrelid))
    END AS violation_sql
FROM pg_constraint AS c
JOIN pg_class AS t ON t.oid = c.conrelid
JOIN pg_namespace AS n ON n.oid = t.relnamespace
LEFT JOIN pg_class AS p ON p.oid = c.confrelid
LEFT JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
LEFT JOIN keys AS k ON k.oid = c.oid
WHERE c.contype IN ('f', 'c') AND c.conparentid = 0 AND t.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$)'
    AND ($1 OR NOT c.convalidated)
    AND NOT EXISTS (SELECT FROM locked AS k WHERE k.relation IN (c.conrelid, c.confrelid))
ORDER BY c.convalidated, table_name, name
"""


async def list_constraints(conn: Conn, *, all_of_them: bool) -> list[Constraint]:
    """Foreign keys and checks that were never validated; with `all_of_them` the others too, which come after those."""
    return [Constraint(**dict(row)) for row in await conn.fetch(LIST_CONSTRAINTS, all_of_them)]


async def count_violations(conn: Conn, constraint: Constraint, most: int) -> int:
    """Rows that break a constraint; the count ends at `most`."""
    found = await conn.fetchval(
        f"SELECT count(*) FROM (SELECT {constraint.violation_sql} LIMIT $1) AS broken",  # noqa: S608 - names and expression are the catalogue's own, quoted by the server
        most,
    )
    return int(found)


# A sequence ends where its own numbers do, or earlier, where its column takes no larger ones.
LIST_SEQUENCES: Final = r"""
SELECT q.name, q.last_value, q.last_number AS limit,
    (q.last_value - q.start_value)::double precision / nullif(q.last_number - q.start_value, 0) AS share
FROM (
    SELECT format('%I.%I', s.schemaname, s.sequencename) AS name, s.last_value,
        CASE WHEN s.increment_by > 0 THEN s.min_value ELSE s.max_value END AS start_value,
        CASE WHEN s.increment_by > 0 THEN least(s.max_value, CASE a.atttypid
            WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE 9223372036854775807 END)
        ELSE s.min_value END AS last_number
    FROM pg_sequences AS s
    JOIN pg_class AS c ON c.relname = s.sequencename AND c.relkind = 'S'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = s.schemaname
    LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
        AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE NOT s.cycle AND s.last_value IS NOT NULL
) AS q
ORDER BY share DESC NULLS LAST, q.name
"""


async def list_sequences(conn: Conn) -> list[SequenceUse]:
    """Sequences that were used, those nearest their end first; those this role may not read are left out."""
    return [SequenceUse(**{**dict(row), "share": row["share"] or 0.0}) for row in await conn.fetch(LIST_SEQUENCES)]


GET_AGES: Final = """
SELECT age(d.datfrozenxid) AS transactions, mxid_age(d.datminmxid) AS multixacts,
    current_setting('autovacuum_freeze_max_age')::bigint AS freeze_max_age,
    current_setting('autovacuum_multixact_freeze_max_age')::bigint AS multixact_freeze_max_age
FROM pg_database AS d
WHERE d.datname = current_database()
"""


async def get_ages(conn: Conn) -> Ages:
    """How far this database is from the end of its transaction ids."""
    row = await conn.fetchrow(GET_AGES)
    assert row is not None  # noqa: S101 - the database we are in is there
    return Ages(**dict(row))
