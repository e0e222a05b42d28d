#!/usr/bin/env python3
"""What the commands cost, with nginx on loopback as the source. Needs nginx, curl and Linux.

  commands.py thin DIST      CPU seconds, memory and time of the thin command, alone and twenty at once
  commands.py small DIST     small files through a running server, beside curl
  commands.py library DIST   small files through the library in a warm JVM, beside a plain HTTP client
  commands.py large DIST     1 GiB through a running server, without a supernode and with one, beside curl
  commands.py memory DIST    a server's memory: at rest, after 1 GiB by P2P, after giving it on

DIST is a directory of the distribution, such as dragonfly-examples/target/dragonfly.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

NGINX = """daemon off; master_process off; worker_processes 1; pid {0}/pid; error_log {0}/error.log;
events {{ worker_connections 1000; }}
http {{ access_log off; sendfile on; client_body_temp_path {0}/t1; proxy_temp_path {0}/t2;
  fastcgi_temp_path {0}/t3; uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5;
  server {{ listen 127.0.0.1:{1}; root {0}/www; }} }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench(contextlib.ExitStack):
    """A directory, nginx in it, and the processes that a measurement starts."""

    def __init__(self, dist):
        super().__init__()
        self.bin = pathlib.Path(dist).resolve() / "bin"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dragonfly-measure-"))
        self.callback(shutil.rmtree, self.dir, True)
        (self.dir / "www").mkdir()
        os.chmod(self.dir, 0o755)
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        (self.dir / "nginx.conf").write_text(NGINX.format(self.dir, port))
        self.start(["/usr/sbin/nginx", "-c", str(self.dir / "nginx.conf"), "-p", str(self.dir)])

    def start(self, line, ready=None):
        out = self.dir / f"out{time.monotonic_ns()}"
        process = subprocess.Popen(line, stdout=out.open("w"), stderr=subprocess.STDOUT)
        self.callback(process.wait)
        self.callback(process.terminate)
        while ready and ready not in out.read_text():
            if process.poll() is not None:
                sys.exit(out.read_text())
            time.sleep(0.05)
        return process.pid

    def publish(self, name, length):
        file = self.dir / "www" / name
        with file.open("wb") as out:
            for done in range(0, length, 1 << 20):
                out.write(os.urandom(min(1 << 20, length - done)))
        past = time.time() - 3600  # a version that is clearly older than the answer
        os.utime(file, (past, past))

    def server(self, home, *more):
        line = [str(self.bin / "dfget"), "server", "--home", str(self.dir / home), "--expiretime", "1h"]
        return self.start(line + list(more), "ready")

    def line(self, path, output, home):
        return [str(self.bin / "dfget"), "--url", f"{self.base}/{path}", "--json",
                "--output", str(self.dir / output), "--home", str(self.dir / home)]  # fmt: skip

    def fetch(self, path, output, home):
        said = subprocess.run(self.line(path, output, home), capture_output=True, text=True)
        if said.returncode:
            sys.exit(said.stderr)
        return json.loads(said.stdout.splitlines()[-1])


def row(name, values, unit, digits):
    ordered = sorted(values)
    at90 = ordered[int(0.9 * len(ordered))]
    print(f"{name:36s} median {statistics.median(values):8.{digits}f}  "
          f"p90 {at90:8.{digits}f}  worst {ordered[-1]:8.{digits}f} {unit}", flush=True)  # fmt: skip


def thin(bench):
    bench.publish("4k", 4 << 10)
    subprocess.run([str(bench.bin / "dfget"), "--prepare"], check=True, capture_output=True)
    bench.server("home")
    bench.fetch("4k", "warm", "home")
    for name, rounds, width in (("alone", 40, 1), ("twenty at once", 3, 20)):
        used = []
        for _ in range(rounds):
            calls = []
            for i in range(width):
                log = (bench.dir / f"log{i}").open("w")
                began = time.monotonic()
                call = subprocess.Popen(bench.line("4k", f"o{i}", "home"), stdout=log, stderr=log)
                calls.append((call, began))
            for call, began in calls:
                _, status, usage = os.wait4(call.pid, 0)
                if status:
                    sys.exit(f"a call ended with {status}")
                used.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
                             time.monotonic() - began))  # fmt: skip
        row(f"{name}: CPU with children", [u[0] for u in used], "s", 3)
        row(f"{name}: peak memory", [u[1] for u in used], "MiB", 1)
        row(f"{name}: time", [u[2] for u in used], "s", 3)


def small(bench):
    bench.server("home")
    for kib in (1, 4, 16, 64):
        bench.publish(str(kib), kib << 10)
    for i in range(200):
        bench.fetch(f"1?warm={i}", "o", "home")
    for kib in (1, 4, 16, 64):
        ours, curls = [], []
        for i in range(60):
            ours.append(1000 * bench.fetch(f"{kib}?n={i}", "o", "home")["seconds"])
            line = ["curl", "-sf", "-o", str(bench.dir / "c"), "-w", "%{time_total}",
                    f"{bench.base}/{kib}?n={i}"]  # fmt: skip
            curls.append(1000 * float(subprocess.check_output(line, text=True)))
        row(f"{kib} KiB in the server", ours, "ms", 1)
        row(f"{kib} KiB with curl", curls, "ms", 1)


def library(bench):
    for kib in (1, 4, 16, 64):
        bench.publish(str(kib), kib << 10)
    java = os.path.join(os.environ["JAVA_HOME"], "bin/java") if "JAVA_HOME" in os.environ else "java"
    logs = bench.dir / "logback.xml"  # a line for each fetch would be among the figures
    logs.write_text('<configuration><root level="OFF"/></configuration>')
    line = [java, "-cp", str(bench.bin.parent / "lib" / "*"), f"-Dlogback.configurationFile={logs}",
            str(pathlib.Path(__file__).with_name("SmallFiles.java")), bench.base, str(bench.dir), "500", "100"]  # fmt: skip
    if subprocess.run(line).returncode:
        sys.exit("the driver failed")


def large(bench):
    port = free_port()
    bench.start([str(bench.bin / "supernode"), "--home-dir", str(bench.dir / "supernode"),
                 "--advertise-ip", "127.0.0.1", "--port", str(port)], "ready")  # fmt: skip
    bench.server("alone")
    bench.server("home", "--node", f"127.0.0.1:{port}", "--ip", "127.0.0.1")
    bench.publish("1g", 1 << 30)
    curls, alone, through = [], [], []
    for i in range(5):  # the first ones warm up
        began = time.monotonic()
        subprocess.run(["curl", "-sf", "-o", str(bench.dir / "c"), f"{bench.base}/1g?n={i}"], check=True)
        curls.append(time.monotonic() - began)
        alone.append(bench.fetch(f"1g?n={i}", "o", "alone")["seconds"])
        through.append(bench.fetch(f"1g?n={i}", "o", "home")["seconds"])
    row("1 GiB with curl", curls[2:], "s", 2)
    row("1 GiB without a supernode", alone[2:], "s", 2)
    row("1 GiB through a supernode", through[2:], "s", 2)


def memory(bench):
    bench.publish("1g", 1 << 30)
    port = free_port()
    line = [str(bench.bin / "supernode"), "--home-dir", str(bench.dir / "supernode"),
            "--advertise-ip", "127.0.0.1", "--port", str(port)]  # fmt: skip
    pids = {"supernode": bench.start(line, "ready")}
    for i in (1, 2):
        pids[f"server {i}"] = bench.server(
            f"home{i}", "--node", f"127.0.0.1:{port}", "--ip", f"127.0.0.1{i}")  # fmt: skip

    def show(when):
        for name, pid in pids.items():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            kib = {w[0]: int(w[1]) for w in map(str.split, status.splitlines()) if w[0].startswith("Vm")}
            print(f"{when:28s} {name:10s} {kib['VmRSS:'] / 1024:6.0f} MiB,"
                  f" peak {kib['VmHWM:'] / 1024:6.0f} MiB", flush=True)  # fmt: skip

    time.sleep(30)
    show("30 s after the start")
    bench.fetch("1g", "o1", "home1")
    show("server 1 has taken 1 GiB")
    time.sleep(30)
    show("30 s later")
    bench.fetch("1g", "o2", "home2")
    show("server 2 has taken it, too")
    time.sleep(30)
    show("30 s later")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    measures = {"thin": thin, "small": small, "library": library, "large": large, "memory": memory}
    if len(sys.argv) != 3 or sys.argv[1] not in measures:
        sys.exit(__doc__)
    with Bench(sys.argv[2]) as made:
        measures[sys.argv[1]](made)
