"""A world of talking cartoon people, small enough to train on a CPU. No other room imports it."""
