def test_broken_inputs_are_refused_or_read(survives):
    assert 1 <= survives("training YAML", inputs=4) <= 4
