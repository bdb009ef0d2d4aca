"""How far a judge can be trusted: benchmarks against labels, audits, drift, gates."""
