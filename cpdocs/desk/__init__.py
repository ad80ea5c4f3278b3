"""The desk: the same use cases in a browser on this machine (contract §10). The only room with Flask and Waitress."""
