"""Packages ready for upload to an EHR."""
