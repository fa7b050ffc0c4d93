def test_broken_inputs_are_refused_or_read(survives):
    assert 5 <= survives("JPEG 2000") <= 24
