"""Records -> what the page shows of them, pure: every text from a file or a user is escaped."""

from __future__ import annotations

from html import escape

from demo import versus
from demo.html import NNBSP, amount, data_uri, download, milliseconds, percent, table
from demo.locales import ENGLISH, text
from resnet_app import device
from resnet_app.batch import Batch, Row
from resnet_app.checkpoints import Checkpoint
from resnet_app.heatmap import Heatmap, SignedMap
from resnet_app.images import Recipe
from resnet_app.models import BUNDLED_FILE, RANDOM_SEED, LoadedModel
from resnet_app.overlays import overlay, palette
from resnet_app.predict import Answer, Timing
from resnet_app.registry import BUNDLED, RANDOM
from resnet_app.sheets import contact_sheet
from resnet_app.table import as_csv

UNSURE_BELOW = 0.5


def status_ready(language: str, model: LoadedModel, *, note: str = "", still: bool = False) -> str:
    """The status card: what is loaded, from where, how big, how long it took."""
    rows = [
        ("card_weights", weights_title(language, model)),
        ("card_from", text(language, _origin(model), seed=RANDOM_SEED)),
        *([("card_address", address)] if (address := _address(model)) else []),
        ("card_classes", f"{len(model.class_names):,}"),
        ("card_input", f"{model.recipe.resize} → {model.recipe.crop} × {model.recipe.crop}"),
        ("card_parameters", amount(model.parameters)),
        ("card_memory", f"{model.memory_bytes / 2**20:.1f}{NNBSP}MiB"),
        ("card_device", model.device.title),
        ("card_loaded", f"{model.load_ms / 1000:.2f}{NNBSP}s"),
    ]
    if model.choice.checkpoint and model.choice.head is None and model.checkpoint is not None:
        rows += diagnosis(model.checkpoint)
        told = [text(language, f"note_{each.code}", **each.values) for each in model.checkpoint.notes]
        note = " ".join([note, *told]).strip()
    note = " ".join([note, *(text(language, "device_failed", name=name) for name in device.failed())]).strip()
    listed = "".join(
        f"<div><dt>{escape(text(language, key))}</dt><dd>{escape(value)}</dd></div>" for key, value in rows
    )
    state = text(language, "still_using" if still else "ready")
    noted = f'<p class="note">{escape(note)}</p>' if note else ""
    return (
        f'<div class="status" role="status"><p class="state{" " if still else " ok"}"><i></i>{escape(state)}</p>'
        f"<h3>{escape(model.spec.title)}</h3>{noted}<dl>{listed}</dl></div>"
    )


def diagnosis(found: Checkpoint) -> list[tuple[str, str]]:
    """What the doctor found in a file: how it was packed, where the weights lay, and what it says of itself."""
    way = " → ".join([*found.unwrapped, *found.stripped_prefixes])
    told = {key: found.metadata.get(key) for key in ("epoch", "step", "best_acc", "accuracy", "acc")}
    rows = [("card_container", found.container), ("card_way", way), ("card_dtype", found.dtype)]
    rows += [("card_said", f"{key} {value}") for key, value in told.items() if isinstance(value, int | float)][:2]
    return [(key, value[:60]) for key, value in rows if value]


def weights_title(language: str, model: LoadedModel) -> str:
    """What the weights are called on the page."""
    if model.choice.head:
        return text(language, "weights_taught", names=", ".join(model.class_names))
    if model.choice.checkpoint:
        return model.choice.checkpoint.name
    return text(language, f"weights_{model.choice.weights}", accuracy="").replace(" ·  %", "")


def _address(model: LoadedModel) -> str:
    """Where anybody can get the weights: torchvision's address of them, or the file in this repository."""
    choice = model.choice
    if choice.head is not None or choice.checkpoint is not None or choice.weights == RANDOM:
        return ""
    if choice.weights == BUNDLED:
        return f"{BUNDLED_FILE.parent.name}/{BUNDLED_FILE.name}"
    address: str = model.spec.published(choice.weights).url
    return address


def _origin(model: LoadedModel) -> str:
    if model.choice.head:
        return "from_lesson"
    if model.choice.checkpoint:
        return "from_upload"
    return {BUNDLED: "from_bundled", RANDOM: "from_random"}.get(model.choice.weights, "from_cache")


def answer(
    language: str,
    result: Answer,
    maps: list[Heatmap],
    timing: Timing,
    recipe: Recipe,
    *,
    colours: str,
    random: bool,
    signed: SignedMap | None = None,
) -> str:
    """The stage (the crop, with one map over it) and the answers; choosing one is done in the page.

    With a signed map, which two classes have, the answers share one bar and the map is one more to choose.
    """
    crop = data_uri(result.crop)
    layers = [
        data_uri(overlay(heatmap, colours=colours), encoding="WEBP") if heatmap.has_evidence else "" for heatmap in maps
    ]
    overlays = "".join(
        f'<img class="overlay" data-answer="{i}" src="{layer}" alt="{escape(_map_alt(language, result, maps, i))}"'
        f"{'' if i == 0 else ' hidden'}>"
        if layer
        else f'<p class="overlay none" data-answer="{i}"{"" if i == 0 else " hidden"}>'
        f"{escape(text(language, 'no_evidence_long'))}</p>"
        for i, layer in enumerate(layers)
    )
    few = " few" if len(maps) <= 3 else ""
    rows = "".join(_answer_row(language, result, i, crop, layer) for i, layer in enumerate(layers))
    bar = scale = ""
    if signed is not None:
        layer = versus.layer_of(signed)
        overlays += versus.overlay(language, result, layer)
        rows += versus.row(language, result, crop, layer)
        bar, scale = versus.bar(result), versus.scale(language, result, signed)
    best = result.predictions[0]
    sure = best.probability >= UNSURE_BELOW
    headline = (
        f'<strong class="{_size(best.label)}">{escape(best.label)}</strong>'
        if sure
        else f'<strong class="unsure">{escape(text(language, "unsure", label=best.label))}</strong>'
    )
    warnings = [key for key, applies in (("random_note", random), ("strange", result.strange)) if applies]
    warning = "".join(f'<p class="note {key}">{escape(text(language, key))}</p>' for key in warnings)
    crop_note = text(language, "crop_note", resize=recipe.resize, crop=recipe.crop)
    return (
        f'<div class="result"><div class="headline" aria-live="polite"><h2 class="small">{escape(text(language, "answer"))}</h2>'
        f'<p class="best">{headline}<span>{percent(best.probability)}</span></p>{bar}{warning}</div>'
        f'<div class="stage"><div class="picture"><img src="{crop}" alt="{escape(text(language, "crop_alt"))}">{overlays}</div>'
        f'<div class="scale" data-scale="">{colour_bar(text(language, "no_evidence"), text(language, "strongest"), colours)}<p class="caption">{escape(text(language, "map_note"))}</p></div>'
        f'{scale}<p class="caption">{escape(crop_note)}</p></div>'
        f'<div class="answers{few}{" two" if signed else ""}"><div role="group" aria-label="{escape(text(language, "answer"))}">{rows}</div>'
        f"{times(language, timing)}</div></div>"
    )


def _size(label: str) -> str:
    """Long class names are set smaller, so that no word breaks."""
    return "long" if len(label) > 18 else "medium" if len(label) > 9 else "short"


def _answer_row(language: str, result: Answer, place: int, crop: str, layer: str) -> str:
    prediction = result.predictions[place]
    small = f'<img src="{layer}" alt="">' if layer else ""
    note = "" if layer else f" <small>{escape(text(language, 'no_evidence'))}</small>"
    return (
        f'<button type="button" data-answer="{place}" aria-pressed="{"true" if place == 0 else "false"}">'
        f'<span class="thumb"><img src="{crop}" alt="">{small}</span><span class="label"><b>{escape(prediction.label)}</b>{note}'
        f'</span><span class="value">{percent(prediction.probability)}</span>'
        f'<span class="bar"><i style="width:{100 * prediction.probability:.2f}%"></i></span></button>'
    )


def _map_alt(language: str, result: Answer, maps: list[Heatmap], place: int) -> str:
    return text(language, "map_alt", label=result.predictions[place].label, where=hottest(language, maps[place]))


def hottest(language: str, heatmap: Heatmap) -> str:
    """Where a map is hottest, in words: upper left, centre."""
    across, down = heatmap.hottest
    vertical = "upper" if down < 1 / 3 else "lower" if down > 2 / 3 else ""
    horizontal = "left" if across < 1 / 3 else "right" if across > 2 / 3 else ""
    words = [text(language, word) for word in (vertical, horizontal) if word] or [text(language, "centre")]
    if len(words) == 1 and (vertical or horizontal):
        return text(language, "side", where=words[0])
    return (" " if language == ENGLISH else "").join(words)


def colour_bar(low: str, high: str, colours: str) -> str:
    """The colour map, with what its ends mean."""
    stops = ",".join("#{:02x}{:02x}{:02x}".format(*palette(colours)[i]) for i in range(0, 256, 15))
    return (
        f'<div class="colour-bar"><span>{escape(low)}</span><i style="background:linear-gradient(90deg,{stops})"></i>'
        f"<span>{escape(high)}</span></div>"
    )


def times(language: str, timing: Timing) -> str:
    """The time of each step."""
    parts = [(name, getattr(timing, name)) for name in ("decode", "forward", "cam")]
    listed = "".join(
        f"<span>{escape(text(language, f'time_{name}'))} <b>{milliseconds(ms)}</b></span>" for name, ms in parts
    )
    total = f'<span class="sum">{escape(text(language, "time_total"))} <b>{milliseconds(timing.total)}</b></span>'
    return f'<p class="times">{listed}{total}</p>'


def batch(language: str, run: Batch, count: int) -> str:
    """The grid, the table and the sums of a batch, finished or under way."""
    done = len(run.done)
    failed = sum(row.error is not None for row in run.done)
    head = text(language, "batch_line", count=done, device=run.model.device.title)
    sums = (
        f"{escape(text(language, 'time_total'))} <b>{run.total_ms / 1000:.2f}{NNBSP}s</b> · "
        f"{escape(text(language, 'time_mean'))} <b>{milliseconds(run.mean_ms)}</b>"
    )
    broken = f' · <span class="bad">{escape(text(language, "batch_failed", count=failed))}</span>' if failed else ""
    progress = (
        f'<progress max="{count}" value="{done}">{done}</progress> '
        f"{escape(text(language, 'batch_progress', done=done, total=count))}"
        if done < count
        else _downloads(language, run)
    )
    tiles = "".join(
        f'<figure><img src="{data_uri(row.thumbnail)}" alt="{escape(row.file)}"><figcaption><b>{escape(row.predictions[0].label)}</b>'
        f"<span>{percent(row.predictions[0].probability)}</span></figcaption>{_strange(language, row)}</figure>"
        if row.thumbnail is not None
        else f'<figure class="failed"><div>{escape(row.file)}</div><figcaption>{escape(row.error or "")}</figcaption></figure>'
        for row in run.done
    )
    heads = [text(language, f"col_{key}") for key in ("number", "file", "answer", "probability", "ms")]
    lines = [
        [str(i), escape(row.file), f'<span class="bad">{escape(row.error.partition(". ")[0])}</span>', "", ""]
        if row.error
        else [
            str(i), escape(row.file), escape(row.predictions[0].label), percent(row.predictions[0].probability),
            f"{row.timing.total:.1f}",
        ]
        for i, row in enumerate(run.done, start=1)
    ]  # fmt: skip
    return (
        f'<div class="batch"><p class="sums" role="status"><strong>{escape(head)}</strong> · {sums}{broken}</p>'
        f'<p class="downloads">{progress}</p><div class="tiles">{tiles}</div>{table(heads, lines, kind="answers")}</div>'
    )


def _strange(language: str, row: Row) -> str:
    return f'<p class="strange">{escape(text(language, "strange_short"))}</p>' if row.strange else ""


def _downloads(language: str, run: Batch) -> str:
    sheet = data_uri(contact_sheet(run.done))
    return (
        download(text(language, "batch_csv"), "predictions.csv", as_csv(run), "text/csv")
        + f'<a class="button" download="contact-sheet.jpg" href="{sheet}">{escape(text(language, "batch_sheet"))}</a>'
    )
