"""The `qoricash` command."""
