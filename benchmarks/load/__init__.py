"""An app under load for long, and what is left of it afterwards."""
