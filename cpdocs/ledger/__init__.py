"""The record: events, their Merkle tree, signed checkpoints, and the store of every byte that came or went."""
