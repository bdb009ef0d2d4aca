"""Recipes: the typed settings of a training, and the ranges of their numbers."""
