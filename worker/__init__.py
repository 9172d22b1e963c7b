"""The worker's composition root: what runs where, with which connections."""
