"""What may be said of a training: typed recipes and the ranges of their numbers."""
