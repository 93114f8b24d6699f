"""The loss surface: equal to direct evaluation; the directions are the paper's; the path is the projected course."""

import pytest
import torch
from torch.nn import functional

from resnet_app.depth import pictures as sets
from resnet_app.depth.record import Run, StudySettings
from resnet_app.depth.study import Training
from resnet_app.depth.surface import evaluated, moving, path_plane, random_plane


@pytest.fixture(scope="module")
def course():
    """A small network's weights before training and after each epoch."""
    digits = sets.load()
    training = Training(Run("residual", 8, 0), StudySettings(epochs=4, width=4), digits)
    weights = [{name: each.clone() for name, each in training.network.state_dict().items()}]
    for _ in range(4):
        training.epoch()
        weights.append({name: each.clone() for name, each in training.network.state_dict().items()})
    return training.network, weights, digits


@pytest.mark.parametrize("plane_of", ["random", "path"])
def test_ten_points_are_what_the_network_answers_there(course, plane_of):
    network, weights, digits = course
    plane = random_plane(weights[-1], 5, 3) if plane_of == "random" else path_plane(weights, 5)
    pictures, labels = digits.train[:100], digits.train_labels[:100]
    before = {name: each.clone() for name, each in network.state_dict().items()}
    found = {(row, column): loss for row, column, loss in evaluated(network, weights[-1], plane, pictures, labels)}
    assert len(found) == 25
    assert all(torch.equal(each, before[name]) for name, each in network.state_dict().items())
    network.eval()
    for row, column in [(0, 0), (0, 4), (4, 0), (4, 4), (2, 2), (1, 3), (3, 1), (2, 0), (0, 2), (4, 3)]:
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(weights[-1][name])
                if parameter.ndim > 1:
                    parameter += plane.across[column] * plane.directions[0][name]
                    parameter += plane.up[row] * plane.directions[1][name]
            direct = float(functional.cross_entropy(network(pictures), labels))
        assert found[row, column] == pytest.approx(direct, rel=1e-4, abs=1e-5)
    network.load_state_dict(weights[-1])


def test_each_filter_goes_as_far_as_it_is_long_and_nothing_else_moves(course):
    _, weights, _ = course
    plane = random_plane(weights[-1], 3, 0)
    for direction in plane.directions:
        assert {*direction} == {name for name, each in weights[-1].items() if each.ndim > 1} == {*moving(weights[-1])}
        for name, each in direction.items():
            torch.testing.assert_close(each.flatten(1).norm(dim=1), weights[-1][name].flatten(1).norm(dim=1))
    again, other = random_plane(weights[-1], 3, 0), random_plane(weights[-1], 3, 1)
    assert torch.equal(again.directions[0]["fc.weight"], plane.directions[0]["fc.weight"])
    assert not torch.equal(other.directions[0]["fc.weight"], plane.directions[0]["fc.weight"])


def test_the_path_is_the_course_by_scikit_learns_principal_components(course):
    from sklearn.decomposition import TruncatedSVD

    _, weights, _ = course
    plane = path_plane(weights, 7)
    flat = torch.stack([torch.cat([each[name].flatten() for name in moving(each)]) for each in weights])
    steps = (flat[:-1] - flat[-1]).numpy()
    theirs = TruncatedSVD(2, algorithm="arpack").fit_transform(steps)
    ours = torch.tensor(plane.path[:-1])
    torch.testing.assert_close(ours.abs(), torch.from_numpy(theirs).abs().float(), rtol=1e-3, atol=1e-3)
    assert plane.path[-1] == (0, 0)
    assert 0.5 < sum(plane.explained) <= 1.0001
    for axis, places in ((0, plane.across), (1, plane.up)):
        assert (
            places[0]
            < min(point[axis] for point in plane.path)
            <= max(point[axis] for point in plane.path)
            < places[-1]
        )
