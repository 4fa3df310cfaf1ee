"""Plans: a classified tree, compiled. Data, no behaviour per request."""
