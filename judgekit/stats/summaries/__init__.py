"""Outcomes → typed summaries, and the sentence that says what they mean."""
