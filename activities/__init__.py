"""Side effects that the workflows call, one file per kind: load, call, record."""
