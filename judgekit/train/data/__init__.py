"""Rows → tokens: reading, checking and encoding training data."""
