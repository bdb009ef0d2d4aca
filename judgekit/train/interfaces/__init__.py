"""The protocols that objectives, networks and the loop share."""
