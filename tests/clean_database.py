"""One database of a test process, as new for each test.

Cloning a template took a quarter of a second of processor time a test; emptying what a test filled takes a few
milliseconds. Rows that the migrations themselves wrote are kept aside once and put back.
"""

from __future__ import annotations

import psycopg

from tests import engines

# One function with every table written out: each line plans it once, and composing each statement at each test was most
# of the time.
_KEEP = """
CREATE SCHEMA as_migrated;

DO $$
DECLARE
    name name;
    filled bool;
    emptying text := '';
    refilling text := '';
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        emptying := emptying || format('DELETE FROM public.%I; ', name);
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE as_migrated.%1$I AS TABLE public.%1$I', name);
            refilling := refilling
                || format('INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE TABLE as_migrated.%1$I; ', name);
        END IF;
    END LOOP;
    SELECT refilling || string_agg(format('PERFORM setval(''public.%I'', %s, %L); ',
        sequencename, coalesce(last_value, start_value), last_value IS NOT NULL), '')
    INTO refilling FROM pg_sequences WHERE schemaname = 'public';
    -- Append-only tables refuse a DELETE by trigger, and foreign keys would ask for an order.
    EXECUTE format('CREATE FUNCTION as_migrated.restore() RETURNS void LANGUAGE plpgsql AS %L',
        'BEGIN SET LOCAL session_replication_role = replica; ' || emptying || refilling || 'END');
END $$;
"""
_lines: dict[str, psycopg.Connection] = {}
_CONNECTED = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_PUT_OUT = "SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid"


def keep_as_migrated(url: str) -> None:
    """Set aside what the migrations wrote, before any test."""
    with psycopg.connect(url) as connection:
        connection.execute(_KEEP)


def make_as_migrated(url: str) -> None:
    """Put out whoever a former test left connected, and leave the rows and numbers of a new database."""
    try:
        _restore(_line(url))
    except psycopg.OperationalError:  # a test of outages put this line out too
        close()
        _restore(_line(url))


def _restore(line: psycopg.Connection) -> None:
    connected = {pid for (pid,) in line.execute(_CONNECTED)}
    line.execute(_PUT_OUT, [list(connected - engines.idle_lines(connected))])
    line.execute("SELECT as_migrated.restore()")


def _line(url: str) -> psycopg.Connection:
    """One line of the process: on a new one the server reads its two hundred tables anew, four fifths of the time."""
    if url not in _lines:
        _lines[url] = psycopg.connect(url, autocommit=True)
    return _lines[url]


def close() -> None:
    """Hang up."""
    while _lines:
        _lines.popitem()[1].close()
