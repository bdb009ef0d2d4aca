"""What the user chooses: settings, configuration files, secrets, prices, endpoints."""
