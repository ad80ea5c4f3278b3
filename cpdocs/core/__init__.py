"""The pure core: values and rules. No I/O, no clock, standard library only."""
