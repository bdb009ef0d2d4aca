"""The training loop: steps, log, guards, curve, folder."""
