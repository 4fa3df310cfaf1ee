"""Serving requests by a plan: the fast lane."""
