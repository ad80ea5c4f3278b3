"""Letters: who is lettered, how a run is built, printed, released, mailed, reprinted and reported."""
