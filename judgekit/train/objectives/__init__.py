"""The training objectives: their registry, losses and models."""
