"""What `qoricash bench` measures: one file per bench, and the stack, people and figures that they share."""
