"""What tests of every kind share: commands, environments, suites of others, thread hops."""
