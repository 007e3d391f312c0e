"""Servers that tests start for themselves, on free ports, in temporary folders."""
