"""Which pictures are trained on and judged by, and what the batches of a run depend on."""

import os

import pytest
import torch

from resnet_app.errors import ClassNamesError, DataError
from resnet_app.training.dataset import Batches, find_pictures, find_splits, folds, shrunk

BATCHES = {"batch_size": 4, "crop": 64, "train_crop": 48, "augment": True, "seed": 3}


def test_pictures_are_found_by_class(coloured):
    found = find_pictures(coloured)
    assert found.classes == ("blue", "red")
    assert [path.parent.name for path in found.files] == ["deeper"] * 8 + ["red"] * 8
    assert found.labels == (0,) * 8 + (1,) * 8
    assert [path.name for path in found.broken] == ["broken.jpg"]


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        (None, "There is no folder .*data; give one that holds a folder of pictures for each class"),
        ([], "holds 0 class folders; at least two"),
        (["red"], "holds 1 class folders; at least two"),
        (["red", "empty"], "folder empty holds no picture"),
        (["green", "red"], "has the classes green, red; expected blue, red"),
    ],
)
def test_folders_that_cannot_be_trained_on(tmp_path, draw, is_plain, classes, says):
    folder = tmp_path / "data"
    for name in classes or ():
        draw(folder / name / "a.png", seed=0)
    if classes is not None:
        folder.mkdir(exist_ok=True)
    (folder / "empty" / "a.png").unlink(missing_ok=True)
    with pytest.raises(DataError, match=says) as caught:
        find_pictures(folder, ("blue", "red") if "green" in (classes or ()) else None)
    assert is_plain(str(caught.value).replace(str(folder), "data"))


def test_a_file_in_the_place_of_a_folder_is_said_to_be_one(tmp_path):
    (tmp_path / "bee.jpg").touch()
    with pytest.raises(DataError, match=r"bee\.jpg is a file; give a folder that holds a folder of pictures for each"):
        find_pictures(tmp_path / "bee.jpg")


def test_a_fifth_of_each_class_is_held_out(tmp_path, draw):
    for name, count in (("a", 4), ("b", 15)):
        for i in range(count):
            draw(tmp_path / name / f"{i}.png", seed=i)
    (tmp_path / "a" / "broken.jpg").touch()
    training, held_out = find_splits(tmp_path)
    assert [(part.labels.count(0), part.labels.count(1)) for part in (training, held_out)] == [(3, 12), (1, 3)]
    assert set(training.files) | set(held_out.files) == set(find_pictures(tmp_path).files)
    assert find_splits(tmp_path) == (training, held_out)
    assert [path.name for path in (*training.broken, *held_out.broken)] == ["broken.jpg"]


def test_a_class_of_one_picture_cannot_be_split(tmp_path, draw):
    for name in ("a", "b"):
        draw(tmp_path / name / "1.png", seed=0)
    with pytest.raises(DataError, match="class a has one picture; at least two"):
        find_splits(tmp_path)


def test_given_splits_are_kept(tmp_path, draw):
    for split, count in (("train", 3), ("val", 2)):
        for name in ("blue", "red"):
            for i in range(count):
                draw(tmp_path / split / name / f"{i}.png", seed=i)
    training, held_out = find_splits(tmp_path)
    assert training.files == find_pictures(tmp_path / "train").files
    assert held_out.files == find_pictures(tmp_path / "val").files
    draw(tmp_path / "val" / "green" / "0.png", seed=0)
    with pytest.raises(DataError, match="expected blue, red"):
        find_splits(tmp_path)


@pytest.mark.parametrize("name", ["valid", "validation"])
def test_validation_folders_by_their_other_names(tmp_path, draw, name):
    for part in ("train", name):
        for label in ("a", "b"):
            draw(tmp_path / part / label / "0.png")
    _, held_out = find_splits(tmp_path)
    assert {path.parents[1].name for path in held_out.files} == {name}


def test_a_train_folder_alone_is_split(tmp_path, draw):
    for label in ("a", "b"):
        for i in range(5):
            draw(tmp_path / "train" / label / f"{i}.png")
    training, held_out = find_splits(tmp_path)
    assert (len(training.files), len(held_out.files)) == (8, 2)


def test_another_seed_holds_out_others(tmp_path, draw):
    for label in ("a", "b"):
        for i in range(20):
            draw(tmp_path / label / f"{i}.png")
    assert find_splits(tmp_path, seed=1) == find_splits(tmp_path, seed=1)
    assert find_splits(tmp_path, seed=1)[1].files != find_splits(tmp_path, seed=2)[1].files


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read(tmp_path):
    tmp_path.chmod(0)
    try:
        with pytest.raises(DataError, match="cannot be read"):
            find_pictures(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_class_name_that_will_not_do(tmp_path, draw):
    draw(tmp_path / "a" / "0.png")
    draw(tmp_path / "b\x07" / "0.png")
    with pytest.raises(ClassNamesError, match="printable"):
        find_pictures(tmp_path)


def test_folds_part_the_pictures_and_each_class_evenly(coloured):
    pictures = find_pictures(coloured)
    dealt = folds(pictures, 3, seed=5)
    assert sorted(index for fold in dealt for index in fold) == list(range(16))
    assert all(len([i for i in fold if pictures.labels[i] == label]) in (2, 3) for fold in dealt for label in (0, 1))
    assert dealt == folds(pictures, 3, seed=5) != folds(pictures, 3, seed=6)


def test_what_is_left_out_is_gone_and_the_rest_stays_in_order(coloured):
    pictures = find_pictures(coloured)
    rest = pictures.without([0, 15])
    assert rest.files == pictures.files[1:15]
    assert rest.counts == {"blue": 7, "red": 7}
    assert rest.digest != pictures.digest == find_pictures(coloured).digest


def test_every_picture_comes_once_an_epoch_in_another_order(coloured):
    pictures = find_pictures(coloured)
    batches = Batches(pictures, **BATCHES)
    orders = [[int(label) for _, labels in batches.epoch(number) for label in labels] for number in (1, 2)]
    assert batches.steps == 4
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(pictures.labels)
    assert orders[0] != orders[1]


def test_a_batch_depends_on_the_seed_the_epoch_and_the_step_alone(coloured):
    pictures = find_pictures(coloured)
    whole = list(Batches(pictures, **BATCHES).epoch(2))
    torch.rand(7)  # whatever was drawn before
    rest = list(Batches(pictures, **BATCHES).epoch(2, start=2))
    assert len(rest) == 2
    for (pixels, labels), (again, labels_again) in zip(whole[2:], rest, strict=True):
        assert torch.equal(pixels, again)
        assert torch.equal(labels, labels_again)
    other = next(Batches(pictures, **{**BATCHES, "seed": 4}).epoch(2))
    assert not torch.equal(whole[0][0], other[0])


def test_a_last_batch_of_one_is_left_out(coloured):
    """BatchNorm cannot train on a single picture."""
    batches = Batches(find_pictures(coloured), **{**BATCHES, "batch_size": 5})
    assert [len(labels) for _, labels in batches.epoch(1)] == [5, 5, 5]


def test_without_augmentation_the_picture_is_the_centre(coloured):
    pictures = find_pictures(coloured)
    options = {**BATCHES, "augment": False}
    epochs = [
        {float(pixels.sum()) for batch, _ in Batches(pictures, **options).epoch(number) for pixels in batch}
        for number in (1, 2)
    ]
    assert epochs[0] == epochs[1]


def test_pictures_beyond_the_memory_are_read_again_and_are_the_same(coloured, monkeypatch):
    pictures = find_pictures(coloured)
    kept = list(Batches(pictures, **BATCHES).epoch(1))
    monkeypatch.setattr("resnet_app.training.dataset.MEMORY_BYTES", 40_000)
    read_again = list(Batches(pictures, **BATCHES).epoch(1))
    assert all(torch.equal(a[0], b[0]) for a, b in zip(kept, read_again, strict=True))


def test_shrinking_keeps_the_shape_and_enlarges_nothing(coloured):
    path = find_pictures(coloured).files[0]  # 80 x 72
    assert shrunk(path, 36).shape == (3, 36, 40)
    assert shrunk(path, 500).shape == (3, 72, 80)
