"""Saphety's Invoice Network (SIN), as a billing app calls it."""
