"""Training data: reading, checking and encoding rows."""
