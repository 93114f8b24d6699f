"""docs/hosting/nginx.conf, as it stands there: two copies of the app behind nginx, on a sub-path."""

import re
import shutil
import sys
import urllib.error
import urllib.request

import pytest

from tests.hosting.conftest import BEE, classified
from tests.paths import ROOT

CONFIGURATION = (ROOT / "docs" / "hosting" / "nginx.conf").read_text("utf-8")


def as_one_s_own_process(folder, listen, ports):
    """The configuration with other ports, and all that nginx writes in a folder."""
    server = CONFIGURATION.replace("listen 80;", f"listen 127.0.0.1:{listen};")
    for before, after in zip(("7861", "7862"), ports, strict=True):
        server = server.replace(f"127.0.0.1:{before}", f"127.0.0.1:{after}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    log = "log_format short '$upstream_addr $status $uri';\n"
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\n{log}access_log {folder}/access.log short;\n{paths}{server}}}\n"
    )
    return path


@pytest.mark.slow
def test_two_copies_behind_nginx_on_a_sub_path_answer_a_photo(start, port, tmp_path):
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if nginx is None:
        pytest.skip("nginx is not installed (Debian's nginx-light has it)")
    ports, listen = [port(), port()], port()
    env = {"OMP_WAIT_POLICY": "PASSIVE", "GRADIO_ROOT_PATH": "/explorer", "PYTHONPATH": str(ROOT)}
    for at in ports:
        start([sys.executable, "-m", "demo", "--port", at], f"http://127.0.0.1:{at}", cwd=tmp_path, **env)
    url = f"http://127.0.0.1:{listen}/explorer/"
    start([nginx, "-c", as_one_s_own_process(tmp_path, listen, ports)], url, cwd=tmp_path)
    with urllib.request.urlopen(f"http://127.0.0.1:{listen}/explorer") as answer:  # without the slash
        page = answer.read().decode()
    assert answer.url == url
    scripts = re.findall(r'(?:src|href)="(?:\./|/explorer/)?(assets/[^"]+\.(?:js|css))"', page)
    assert scripts
    for script in scripts[:3]:
        with urllib.request.urlopen(url + script) as answer:
            assert answer.status == 200
    best, client = classified(url, tmp_path)
    assert best == "bees"
    assert client.config["root"] == url.rstrip("/")
    log = (tmp_path / "access.log").read_text()
    assert re.search(r"^127.0.0.1:\d+ 200 /explorer/gradio_api/upload$", log, re.M)
    assert len({line.split()[0] for line in log.splitlines() if line.startswith("127")}) == 1  # one visitor, one copy
    for path in ("/etc/passwd", BEE.parent.parent / "ants-bees.safetensors"):
        with pytest.raises(urllib.error.HTTPError, match=r"403|404"):
            urllib.request.urlopen(f"{url}gradio_api/file={path}")
