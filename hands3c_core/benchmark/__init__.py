"""Timings: every performance figure in the documents comes from here."""
