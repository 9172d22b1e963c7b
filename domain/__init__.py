"""The rules of the exchange house: pure types and functions. No I/O, no clock, no Temporal, no SQL."""
