def test_broken_inputs_are_refused_or_read(survives):
    assert 0 <= survives("resume notes") <= 24
