"""Timing what runs on the event loop: for the guard, and for metrics."""
