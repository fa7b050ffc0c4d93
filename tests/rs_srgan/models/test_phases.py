import torch

from rs_srgan.models.phases import PHASES_REACH_LR_PX, tie_phases


def make_image():
    torch.manual_seed(0)
    return torch.rand(2, 3 * 4, 24, 20)


def test_a_checkerboard_is_removed():
    board = torch.tensor([0.1, -0.1, 0.2, -0.2]).repeat(3)[None, :, None, None].expand(2, 12, 24, 20)
    image = make_image()
    torch.testing.assert_close(tie_phases(image + board, 2), tie_phases(image, 2))
    torch.testing.assert_close(tie_phases(0.3 + board, 2), torch.full_like(board, 0.3))


def test_the_mean_of_the_phases_stays():
    image = make_image()
    before, after = (each.unflatten(1, (3, 4)).mean(2) for each in (image, tie_phases(image, 2)))
    torch.testing.assert_close(after, before)


def test_a_band_does_not_depend_on_another():
    image = make_image()
    other = image.clone()
    other[:, 4:8] += 1
    before, after = tie_phases(image, 2), tie_phases(other, 2)
    torch.testing.assert_close(after[:, :4], before[:, :4], rtol=0, atol=0)
    torch.testing.assert_close(after[:, 8:], before[:, 8:], rtol=0, atol=0)


def test_it_reaches_as_far_as_it_says():
    image = make_image().double()
    changed = image.clone()
    changed[0, 0, 12, 10] += 1
    rows, cols = (tie_phases(changed, 2) - tie_phases(image, 2))[0].abs().sum(0).gt(1e-9).nonzero().T
    assert 12 - rows.min() == rows.max() - 12 == 10 - cols.min() == cols.max() - 10 == PHASES_REACH_LR_PX
