"""Packages for the chart, built for complete plans and confirmed when they are in it."""
