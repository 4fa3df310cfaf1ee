"""The package as pip gives it: built, installed into an empty environment, and used there."""
