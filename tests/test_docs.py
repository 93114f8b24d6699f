"""docs/checkpoint-messages.md lists each sentence that the doctor says."""

import ast
import re

import pytest

from tests.paths import ROOT

DOCTORS = ("read", "state_dict", "torch_file", "pickle_reader", "class_names")
TOLD = ("DAMAGED", "READS", "NO_RESNET", "SAVE", "_STARTS")  # constants that sentences are made of
DOCS = re.sub(r"[*`]", "", (ROOT / "docs" / "checkpoint-messages.md").read_text("utf-8"))


def sentences(module: str) -> list[str]:
    """The constant pieces of what a module raises, of what its reasons return, and of its notes."""
    tree = ast.parse((ROOT / "resnet_app" / "checkpoints" / f"{module}.py").read_text("utf-8"))
    told = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id in ("CheckpointError", "ClassNamesError", "Note"):
                told += [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
        elif isinstance(node, ast.FunctionDef) and node.name in ("_nothing", "_other_zip", "_other_network", "_guess"):
            told += [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)][1:]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in TOLD:
            told += [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return [text for text in told if isinstance(text, str) and " " in text.strip() and len(text) > 12]


@pytest.mark.parametrize("module", DOCTORS)
def test_every_sentence_is_listed(module: str) -> None:
    for text in sentences(module):
        for part in re.split(r"(?<=[.;]) ", text):
            assert part.strip(" ();,.")[:60] in DOCS, part
