"""What members decide: to decline, to change partners, to come back; and what their health plan is told."""
