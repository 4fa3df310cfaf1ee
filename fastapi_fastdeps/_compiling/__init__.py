"""A plan as source: one function for each route, straight code for success."""
