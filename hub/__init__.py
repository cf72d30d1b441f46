"""The hub: rules (core), agents, loops, roots."""
