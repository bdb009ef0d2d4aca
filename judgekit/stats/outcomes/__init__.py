"""Judgements → outcomes: folding orders, ranking responses, combining judges."""
