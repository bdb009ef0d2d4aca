"""The protocols and values that objectives, networks and the loop share."""
