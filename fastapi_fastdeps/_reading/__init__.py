"""What the source of a callable shows: whether anything in it can block."""
