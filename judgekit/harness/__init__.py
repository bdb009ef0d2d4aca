"""From cases to judgements: the plan, the calls with their limits, and the reply store."""
