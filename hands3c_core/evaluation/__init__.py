"""Metrics, benchmark protocols, submissions and reports."""
