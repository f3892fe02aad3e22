"""The proof: unit tests beside the source tree, and the real process against real servers."""
