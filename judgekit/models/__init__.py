"""Networks and loading that judges, engines and training share; torch is imported where used."""
