"""Durable lifecycles, one file each. They import only the domain; effects are called by name."""
