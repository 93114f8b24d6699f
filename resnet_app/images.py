"""An untrusted file -> an upright RGB picture -> the tensor the model sees."""

from __future__ import annotations

import io
import os
import struct
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from resnet_app.errors import DataError, PictureError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")  # no EPS: it starts Ghostscript. MPO opens as JPEG
MAX_PIXELS = 50_000_000  # 150 MB as RGB
MAX_JPEG_PIXELS = 16384 * 12288  # of a JPEG in one pass, decoded at an eighth: 0.3 s and 40 MB; phones' largest sensor
MAX_FILE_BYTES = 100 * 2**20
ENOUGH = 2.9  # times the size that the model wants, kept by a JPEG that is decoded at a reduced scale: a 12-megapixel
# photograph then goes by a quarter, which moved the logits of enlarged real ones by no more than a half does
MAX_ASPECT = 16  # of the part that is resized; the crop is square
BACKGROUND = (255, 255, 255)  # what shows through transparent pixels
ACCEPTED = (
    "Accepted: JPEG up to 200 megapixels (progressive: 50); PNG, WebP, GIF, BMP, TIFF, AVIF up to 50. "
    "Save it as JPEG and try again."
)
FRAME_FORMATS = ("JPEG", "PNG", "WEBP")  # what browsers make of a camera's picture
FRAME_PIXELS = 1920 * 1080  # many of them come in a second
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".mpo", ".avif")

Image.init()  # registers every format; without it an allow-list with one not yet registered fails
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # refused with a sentence instead
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS // 2  # Pillow's own check, at twice that, before a header is ours to look at


_UNREADABLE = (  # what Pillow's decoders raise for damaged files
    OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, KeyError, TypeError, AttributeError,
    ZeroDivisionError, OverflowError, MemoryError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """How a picture becomes a tensor: the same steps as in training, or the answers are worthless.

    Attributes:
        resize: length of the shorter side after resizing, in pixels.
        crop: side of the centre crop, in pixels.
        mean, std: per channel (red, green, blue), of values in [0, 1].
        interpolation: Pillow's filter, by its lower-case name.
    """

    resize: int = 256
    crop: int = 224
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    interpolation: str = "bilinear"

    @classmethod
    def of_transforms(cls, transforms: Any) -> Recipe:
        """The recipe of a torchvision weights' ``transforms()``."""
        return cls(
            resize=transforms.resize_size[0],
            crop=transforms.crop_size[0],
            mean=tuple(transforms.mean),
            std=tuple(transforms.std),
            interpolation=transforms.interpolation.value,
        )

    @classmethod
    def of_metadata(cls, values: Any) -> Recipe | None:
        """The recipe that a checkpoint states, or None where it states none that makes sense."""
        if not isinstance(values, dict):
            return None
        try:
            recipe = cls(
                resize=int(values["resize"]),
                crop=int(values["crop"]),
                mean=_three(values["mean"]),
                std=_three(values["std"]),
                interpolation=str(values.get("interpolation", "bilinear")),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        sizes_fit = 32 <= recipe.crop <= recipe.resize <= 2048
        known_filter = recipe.interpolation.upper() in Image.Resampling.__members__
        return recipe if sizes_fit and known_filter and all(0 < s < 10 for s in recipe.std) else None

    def as_dict(self) -> dict[str, Any]:
        """The recipe as JSON has it."""
        return asdict(self)


def _three(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    if not all(abs(value) < 1000 for value in (red, green, blue)):
        raise ValueError("not finite")
    return red, green, blue


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Pictures named one by one, and those in the folders named and in the folders below, by name.

    A missing picture is passed on: it becomes that file's error.

    Raises:
        DataError: a folder without pictures or that cannot be read, or a path with nothing there that names no picture.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = list(_pictures_below(path))
            if not inside:
                raise DataError(f"The folder {path} holds no pictures; accepted are {', '.join(SUFFIXES)}.")
            files += inside
        elif path.suffix.lower() in SUFFIXES or path.exists():
            files.append(path)
        else:
            raise DataError(f"There is no folder and no picture {path}; check its name.")
    return files


def _pictures_below(folder: Path) -> Iterator[Path]:
    """In the order of their paths; hidden folders are left out, and none is gone into twice, as links might have it."""
    waiting, entered = [folder], set[tuple[int, int]]()
    while waiting:
        path = waiting.pop()
        if not path.is_dir():
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield path
            continue
        stat = path.stat()
        if (stat.st_dev, stat.st_ino) not in entered:
            entered.add((stat.st_dev, stat.st_ino))
            waiting += sorted((entry for entry in _entries(path) if not _is_hidden_folder(entry)), reverse=True)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read ({error.strerror}); check who may open it.") from error


def _is_hidden_folder(path: Path) -> bool:
    return path.name.startswith(".") and path.is_dir()


def read_crop(path: str | Path, recipe: Recipe) -> Image.Image:
    """A file -> the square that the model sees; errors are those of ``open_picture``."""
    return crop_for(read_picture(path, recipe), recipe)


def read_picture(path: str | Path, recipe: Recipe) -> Image.Image:
    """A file -> the picture to crop; a large JPEG is decoded at a half, a quarter or an eighth of its size.

    What is left is still ``ENOUGH`` times as large as the model wants, so that the answer stays: by a few hundredths of
    a logit, measured on phone photos, at half the time.

    Raises:
        PictureError: as ``open_picture``.
    """
    return open_picture(path, shortest=round(ENOUGH * recipe.resize))


def open_picture(path: str | Path, *, shortest: int | None = None) -> Image.Image:
    """Read a file as an upright RGB picture (its first frame; transparent pixels over white).

    Args:
        path: the file.
        shortest: a JPEG may be decoded at a reduced scale, so long as its shorter side keeps this many pixels.

    Raises:
        PictureError: it cannot be read, is not a picture, is damaged, has more bytes than ``MAX_FILE_BYTES``, or is
            larger than ``MAX_PIXELS``; only a JPEG in one pass may be up to ``MAX_JPEG_PIXELS``, where its reduced
            scale brings it below.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise PictureError(f"There is no file {path.name}; check its name.", code="no_file", name=path.name)
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
                most = MAX_FILE_BYTES >> 20
                raise PictureError(
                    f"This file is larger than {most} MB. {ACCEPTED}", code="too_large_picture", most=most
                )
            return _decoded(file, shortest)
    except OSError as error:
        raise PictureError.unreadable(path.name, error) from error


def _decoded(file: BinaryIO, shortest: int | None) -> Image.Image:
    try:
        with Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            is_jpeg = image.format in ("JPEG", "MPO")
            if shortest is not None and is_jpeg:
                scale = shortest / min(width, height)
                image.draft(None, (ceil(width * scale), ceil(height * scale)))
            fits = width * height <= MAX_PIXELS or (
                is_jpeg and width * height <= MAX_JPEG_PIXELS and image.width * image.height <= MAX_PIXELS
                and _in_one_pass(file)
            )  # fmt: skip
            if not fits:
                raise PictureError(f"This picture has too many pixels. {ACCEPTED}", code="too_many_pixels")
            return _upright_rgb(image)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"This picture has too many pixels. {ACCEPTED}", code="too_many_pixels") from error
    except _UNREADABLE as error:
        raise PictureError(f"This file is not a picture we can read. {ACCEPTED}", code="not_a_picture") from error


def open_frame(data: bytes) -> Image.Image:
    """A frame of a camera as an upright RGB picture: what ``open_picture`` does, within narrower bounds.

    Raises:
        PictureError: it is not one of ``FRAME_FORMATS``, is damaged, or has more than ``FRAME_PIXELS``.
    """
    cause: Exception | None = None
    try:
        with Image.open(io.BytesIO(data), formats=FRAME_FORMATS) as image:
            if image.width * image.height <= FRAME_PIXELS:
                return _upright_rgb(image)
    except (*_UNREADABLE, Image.DecompressionBombError) as error:
        cause = error
    raise PictureError(
        "A camera's frame is a JPEG, PNG or WebP picture of at most 2 megapixels; this is none.", code="bad_frame"
    ) from cause


def _in_one_pass(file: BinaryIO) -> bool:
    """Whether a file is a JPEG that is decoded line by line; one in several scans (progressive, say) is held whole.

    It is, where its frame is a sequential one and all of its components are in the first scan. What is not as plain as
    cameras write it is taken for one in several scans. The file is left where it stood.
    """
    components, before = b"", file.tell()
    file.seek(2)  # past the start of image
    try:
        while len(head := file.read(4)) == 4 and head[0] == 0xFF:
            content = file.read(max(0, int.from_bytes(head[2:], "big") - 2))
            if head[1] in (0xC0, 0xC1):
                components = content[5:6]
            elif head[1] == 0xDA:
                return content[:1] == components != b""
    finally:
        file.seek(before)
    return False


def _upright_rgb(image: Image.Image) -> Image.Image:
    image.load()
    ImageOps.exif_transpose(image, in_place=True)  # else it makes a copy where nothing is to be turned
    return _flattened(_eight_bit(image))


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit and float greys scaled to 8 bits (Pillow's own conversion clips them to white)."""
    if image.mode.startswith("I"):
        values = np.clip(np.asarray(image), 0, 65535).astype(np.uint32)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 -> 255, rounded
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image), nan=0.0, posinf=0.0, neginf=0.0)
        full = 1.0 if values.max(initial=0) <= 1 else 255.0 if values.max(initial=0) <= 255 else float(values.max())
        return Image.fromarray(np.clip(values / full * 255, 0, 255).round().astype(np.uint8))
    return image


def _flattened(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        pixels = image.convert("RGBA")
        background = Image.new("RGBA", pixels.size, (*BACKGROUND, 255))
        return Image.alpha_composite(background, pixels).convert("RGB")
    return image.convert("RGB")


def crop_for(picture: Image.Image, recipe: Recipe) -> Image.Image:
    """The square that the model sees: shorter side to ``recipe.resize``, then the centre crop.

    The same pixels, bit for bit, as torchvision's ``ImageClassification`` preset gives for a Pillow picture; for
    one that is over ``MAX_ASPECT`` times as long as wide, the same to a rounding.
    """
    picture = _without_far_ends(picture)
    width, height = picture.size
    short, long = sorted((width, height))
    longer = int(recipe.resize * long / short)
    size = (recipe.resize, longer) if width <= height else (longer, recipe.resize)
    if (width, height) != size:
        picture = picture.resize(size, Image.Resampling[recipe.interpolation.upper()])
    left = round((size[0] - recipe.crop) / 2)
    top = round((size[1] - recipe.crop) / 2)
    return picture.crop((left, top, left + recipe.crop, top + recipe.crop))


def crop_box(size: tuple[int, int], recipe: Recipe) -> tuple[float, float, float, float]:
    """Where in an upright picture of that size (width, height) the model's crop lies: left, top, right, bottom."""
    width, height = size
    half = min(width, height) * recipe.crop / recipe.resize / 2
    return width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half


def _without_far_ends(picture: Image.Image) -> Image.Image:
    """The middle of a picture that is very long: its ends, enlarged, would take gigabytes and then be cut off."""
    width, height = picture.size
    short, long = sorted((width, height))
    kept = MAX_ASPECT * short + (long - MAX_ASPECT * short) % 2  # the same middle, to the half pixel
    if kept >= long:
        return picture
    start = (long - kept) // 2
    return picture.crop((0, start, width, start + kept) if height > width else (start, 0, start + kept, height))


def to_tensor(crop: Image.Image, recipe: Recipe) -> Tensor:
    """A crop -> normalised values, (1, 3, H, W), float32."""
    return normalised(unit_values(crop), recipe).unsqueeze(0)


def unit_values(crop: Image.Image) -> Tensor:
    """A crop -> values in [0, 1], (3, H, W), float32."""
    pixels = torch.from_numpy(np.array(crop, dtype=np.uint8)).permute(2, 0, 1).contiguous()
    return pixels.to(torch.float32).div(255)


def normalised(values: Tensor, recipe: Recipe) -> Tensor:
    """Values in [0, 1], (..., 3, H, W) -> as the network wants them."""
    mean, std = (torch.tensor(each, device=values.device).view(3, 1, 1) for each in (recipe.mean, recipe.std))
    return values.sub(mean).div(std)
