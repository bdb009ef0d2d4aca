"""Judges the answers of language models, and tells how far the judge can be trusted."""
