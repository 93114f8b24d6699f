"""`evaluate`: how right and how sure a model is, over photographs whose classes are known."""

from __future__ import annotations

import argparse
from pathlib import Path

from resnet_app.cli import console
from resnet_app.cli.options import add_choice, chosen_model, loaded_model


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``evaluate``."""
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR", help="class/picture, or val/class/picture")
    parser.add_argument(
        "--other", type=Path, metavar="DIR", help="folders of things that belong to none of the classes"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_choice(parser)
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from resnet_app.training import evaluate

    evaluate.require_folders(options.data_dir, options.other)
    model = loaded_model(options, chosen_model(options))
    figures = evaluate.evaluate(model, options.data_dir, other=options.other)
    if options.json:
        console.print_json(figures)
    else:
        print(evaluate.as_text(figures))
    return 0
