"""Programs as users write them, and what four type checkers must say about each line."""
