"""A world of talking cartoon people, small enough to train on here. Nothing else imports it."""
