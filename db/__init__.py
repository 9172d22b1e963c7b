"""The business record: tables, migrations, sessions, queries. Imports only the domain."""
