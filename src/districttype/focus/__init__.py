"""What to co-create, where, with whom and by what means."""
