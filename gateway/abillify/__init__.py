"""Abillify, as a billing app calls it."""
