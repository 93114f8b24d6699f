"""Published weights: found in torch's cache, fetched from a server on this machine, or missed with a sentence."""

import hashlib
import http.server
import threading
from pathlib import Path

import pytest
import torch
import torchvision

from resnet_app.errors import WeightsError
from resnet_app.images import crop_for, open_picture, to_tensor
from resnet_app.inference import download, models
from resnet_app.registry import SPECS

CONTENT = bytes(range(256)) * 3000  # three chunks
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@pytest.fixture
def torch_home(tmp_path, monkeypatch):
    """An empty cache folder of torch's."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "hub" / "checkpoints"


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT under any name, worse under some."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if "missing" in self.path:
            self.send_error(404)
            return
        if "nonsense" in self.path:
            self.wfile.write(b"this is not HTTP\r\n\r\n")
            return
        self.send_response(200)
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ffff\r\nonly a part")
        else:
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:100_000] if "cut" in self.path else CONTENT)
        self.close_connection = True

    def log_message(self, *arguments): ...


@pytest.fixture(scope="module")
def server():
    """The address of a server on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("name", SPECS)
def test_the_file_lies_where_torch_puts_it(torch_home, name):
    record = SPECS[name].published("imagenet")
    path = download.cached_file(SPECS[name], "imagenet")
    assert path == torch_home / record.url.split("/")[-1]
    assert torch.hub.HASH_REGEX.search(path.name)  # torch would check its hash, and so do we


def test_a_cached_file_is_taken_as_it_is(torch_home):
    torch_home.mkdir(parents=True)
    path = download.cached_file(SPECS["resnet50"], "imagenet-v1")
    path.write_bytes(b"here")
    assert download.obtain(SPECS["resnet50"], "imagenet-v1") == path


def test_a_download_is_checked_reported_and_put_in_place(server, tmp_path):
    target, seen = tmp_path / "new" / NAME, []
    download.fetch(f"{server}/{NAME}", target, progress=lambda *at: seen.append(at))
    assert target.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) >= 3
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("url", ["net-00000000.pth", f"cut/{NAME}", "net.pth"])
def test_a_damaged_download_leaves_nothing_behind(server, tmp_path, url):
    with pytest.raises(WeightsError, match="damaged"):
        download.fetch(f"{server}/{url}", tmp_path / "a.pth")
    assert not list(tmp_path.iterdir())


def test_a_stopped_download_leaves_nothing_behind(server, tmp_path):
    def stop(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.fetch(f"{server}/{NAME}", tmp_path / "a.pth", progress=stop)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["", "missing/", "nonsense/", "chunked/"])
def test_obtain_downloads_or_says_what_to_do(server, torch_home, monkeypatch, is_plain, place):
    class Record:
        url = f"{server}/{place}{NAME}"

    monkeypatch.setattr(type(SPECS["resnet50"]), "published", lambda _self, _weights: Record)
    if place:
        with pytest.raises(WeightsError) as caught:
            download.obtain(SPECS["resnet50"], "imagenet")
        assert is_plain(caught.value)
        assert not list(torch_home.iterdir())
    else:
        assert download.obtain(SPECS["resnet50"], "imagenet").read_bytes() == CONTENT


@pytest.mark.usefixtures("torch_home")
def test_without_a_network_the_command_to_run_is_named(is_plain):
    with pytest.raises(WeightsError, match=r"no network\. Run python -m resnet_app download resnet50\.$") as caught:
        download.obtain(SPECS["resnet50"], "imagenet")
    assert is_plain(caught.value)


@pytest.mark.usefixtures("torch_home")
def test_imagenet_weights_from_the_cache_give_torchvisions_logits(picture):
    torch.manual_seed(4)
    theirs = torchvision.models.resnet18().eval()
    path = download.cached_file(SPECS["resnet18"], "imagenet")
    Path(path).parent.mkdir(parents=True)
    torch.save(theirs.state_dict(), path)
    model = models.load(models.choose("resnet18", "imagenet", device="cpu"))
    record = torchvision.models.ResNet18_Weights.DEFAULT
    assert model.class_names == tuple(record.meta["categories"])
    pixels = to_tensor(crop_for(open_picture(picture), model.recipe), model.recipe)
    assert torch.equal(pixels[0], record.transforms()(open_picture(picture)))
    with torch.inference_mode():
        torch.testing.assert_close(model.network(pixels), theirs(pixels), atol=1e-5, rtol=0)
