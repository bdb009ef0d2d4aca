"""The plugin seam: hook specifications, the engine protocol, loading and listing of plugins."""
