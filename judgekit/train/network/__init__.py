"""The networks in training: adapters, log-probabilities, checkpoints, samples."""
