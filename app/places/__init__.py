"""Places: scenes of catalogues, which the server reads over the network for its visitors."""
