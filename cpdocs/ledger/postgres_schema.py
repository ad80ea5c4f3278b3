"""The guards of a ledger in PostgreSQL, and whether its schema is as cpdocs made it."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import dialect

from cpdocs.ledger.postgres_connection import SCHEMA
from cpdocs.ledger.postgres_work_locks import work_locks
from cpdocs.ledger.schema import GUARDED, NEVER_CHANGED, metadata, tree_head


def guard(connection: Connection) -> None:
    """Refuses UPDATE, DELETE and TRUNCATE of what is recorded, in replication roles too; ``tree_head`` may be
    updated."""
    connection.exec_driver_sql(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${_REFUSE}$$")
    for table, verbs in (
        *((table, "UPDATE OR DELETE OR TRUNCATE") for table in GUARDED),
        (tree_head, "DELETE OR TRUNCATE"),
    ):
        name = f"{table.name}_guard"
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {verbs} ON {table.name} FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
        )
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {name}")


def altered(connection: Connection) -> list[tuple[str, str]]:
    """What in the schema isn't as it was made, as (kind, name): changed, missing or added."""
    found = {tuple(map(str, row)) for row in connection.exec_driver_sql(_FACTS)}
    return sorted({(kind, name) for kind, name, _ in found ^ _expected()})


_REFUSE = f"BEGIN RAISE EXCEPTION '{NEVER_CHANGED}'; END"

_FACTS = """
WITH ours AS (SELECT oid, relname, relkind, relpersistence,
relrowsecurity FROM pg_class WHERE relnamespace = 'cpdocs'::regnamespace)
SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'i' THEN 'index' WHEN 'v' THEN 'view' ELSE 'relation' END, relname,
       concat_ws(' ', relkind, relpersistence, relrowsecurity) FROM ours WHERE relkind <> 't'
UNION ALL
SELECT 'column', ours.relname || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod),
CASE WHEN attnotnull THEN 'not null' END,
       CASE WHEN attcollation NOT IN (0, 'pg_catalog.default'::regcollation) THEN attcollation::regcollation::text END,
       (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum))
  FROM pg_attribute JOIN ours ON ours.oid = attrelid WHERE attnum > 0 AND NOT attisdropped AND ours.relkind = 'r'
UNION ALL
SELECT 'constraint', conname,
pg_get_constraintdef(pg_constraint.oid) || CASE WHEN convalidated THEN '' ELSE ' unproven' END
  FROM pg_constraint JOIN ours ON ours.oid = conrelid WHERE contype <> 'n'
UNION ALL
SELECT 'index', relname, pg_get_indexdef(indexrelid) || CASE WHEN indisvalid AND indisready THEN '' ELSE ' invalid' END
  FROM pg_index JOIN ours ON ours.oid = indexrelid
UNION ALL
SELECT 'trigger', tgname, concat_ws(' ', tgenabled, pg_get_triggerdef(pg_trigger.oid))
  FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'cpdocs'::regnamespace
UNION ALL
SELECT 'rule', rulename, pg_get_ruledef(pg_rewrite.oid) FROM pg_rewrite JOIN ours ON ours.oid = ev_class
"""


@cache
def _expected() -> frozenset[tuple[str, str, str]]:
    """What the facts are of a schema that cpdocs made and nobody changed."""
    facts = {("function", "refuse", _REFUSE)}
    ours = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its signature untyped
    for table in (*metadata.sorted_tables, work_locks):
        name, kept = table.name, "u" if table is work_locks else "p"
        facts.add(("table", name, f"r {kept} f"))
        for column in table.columns:
            written = column.type.compile(ours).split(" COLLATE ")
            facts.add(("column", f"{name}.{column.name}", " ".join([written[0].lower(), "not null", *written[1:]])))
        key = ", ".join(column.name for column in table.primary_key.columns)
        facts.add(("constraint", f"{name}_pkey", f"PRIMARY KEY ({key})"))
        facts |= _index(name, f"{name}_pkey", key, kept, "UNIQUE ")
        for index in table.indexes:
            facts |= _index(name, str(index.name), ", ".join(column.name for column in index.columns), kept)
        for link in table.foreign_keys:
            child, target = link.parent.name, link.column
            facts.add(
                (
                    "constraint",
                    f"{name}_{child}_fkey",
                    f"FOREIGN KEY ({child}) REFERENCES {target.table.name}({target.name})",
                )
            )
        if table is work_locks:
            continue
        verbs = "DELETE OR TRUNCATE" if table is tree_head else "DELETE OR UPDATE OR TRUNCATE"
        text = (
            f"CREATE TRIGGER {name}_guard BEFORE {verbs} ON {SCHEMA}.{name} FOR EACH STATEMENT EXECUTE "
            "FUNCTION refuse()"
        )
        facts.add(("trigger", f"{name}_guard", f"A {text}"))
    return frozenset(facts)


def _index(table: str, name: str, columns: str, kept: str, unique: str = "") -> set[tuple[str, str, str]]:
    text = f"CREATE {unique}INDEX {name} ON {SCHEMA}.{table} USING btree ({columns})"
    return {("index", name, f"i {kept} f"), ("index", name, text)}
