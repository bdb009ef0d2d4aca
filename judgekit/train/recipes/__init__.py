"""Recipes: the typed settings of each kind of training."""
