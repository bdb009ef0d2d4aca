"""plan (cases → trials) · run (trials → judgements) · replies (the store) · limits · fold."""
