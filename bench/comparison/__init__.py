"""Runs the floors and our programs in turns and sets their figures side by side. Standard library only."""
