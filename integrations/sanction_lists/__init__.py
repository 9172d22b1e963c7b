"""The lists that the house screens against: read from their published files, downloaded, or taken from own sheets."""
