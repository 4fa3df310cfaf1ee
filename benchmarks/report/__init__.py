"""A run as tables and plots."""
