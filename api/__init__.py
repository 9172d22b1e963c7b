"""The thin layer between people and workflows: HTTP, sockets, sign-in. Rules live in the domain."""
