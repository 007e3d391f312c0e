"""Calls in the states that tests begin from, made by their timelines."""
