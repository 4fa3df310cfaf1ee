"""The fast lane: a route's classified tree compiled once, and run per request."""
