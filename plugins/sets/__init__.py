"""Published labelled sets: how their rows are read, and where they are found."""
