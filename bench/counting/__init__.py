"""Counts instructions per signature in the application and in the daemon. Standard library only."""
