"""Letters: a run is begun, laid out, staged, released, mailed; pieces are reprinted, held and reported."""
