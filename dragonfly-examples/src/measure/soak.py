#!/usr/bin/env python3
"""Soaks an installed archive for an hour: the `soak` command, and beside it long-lived commands under faults that it does not know.

    soak.py DIST [--minutes 60] [--seed 1] > soak.json

DIST is the archive's directory. Beside `DIST/bin/soak`, one supernode and three `dfget server` run for the whole time on a file system
of 1.25 GiB. Every few seconds a `dfget` of one of them fetches one of 60 files, up to four at a time; the source gets new versions. The
faults: the file system is filled to its last byte for 20 s, a process is stopped for 3 to 25 s, its clock steps by an hour in either
direction (libfaketime), the supernode is killed and started again. Each file is compared with every version that the source had while
the fetch ran. Prints JSON; the exit status is 0 if nothing was wrong, hung, leaked or grew. Needs root and Debian's faketime and nginx.
"""
import argparse, collections, hashlib, json, os, pathlib, random, re, shutil, signal, statistics, subprocess, sys, threading, time

SERVERS, AT_ONCE, FILES, FETCH_LIMIT = 3, 4, 60, 180
LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
SUPERNODE, SOURCE = 28002, 28080

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("dist", type=pathlib.Path)
arguments.add_argument("--minutes", type=float, default=60)
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--dir", type=pathlib.Path, default=pathlib.Path("/var/tmp/dragonfly-soak"))
options = arguments.parse_args()
dist, base = options.dist.resolve(), options.dir
rng, began = random.Random(options.seed), time.monotonic()
disk, clocks, logs, www = base / "disk", base / "clocks", base / "logs", base / "www"
counts, failures, wrong = collections.Counter(), collections.Counter(), []
lock = threading.Lock()
versions = collections.defaultdict(list)  # name: [(from, digest)]


def note(*words):
    print(f"{time.monotonic() - began:7.1f}", *words, file=sys.stderr, flush=True)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def make(name):
    content = rng.randbytes(rng.randint(1, 12 << 20))
    (www / (name + ".new")).write_bytes(content)
    versions[name].append((time.monotonic(), hashlib.sha256(content).hexdigest()))
    os.rename(www / (name + ".new"), www / name)  # one moment in which both versions are right


def source():
    config = base / "nginx.conf"
    config.write_text(
        f"daemon off; pid {base}/nginx.pid; error_log {logs}/nginx.log; user root; worker_processes 1; events {{}}"
        f" http {{ access_log off; server {{ listen 127.0.0.1:{SOURCE}; root {www}; limit_rate 8m; }} }}")
    return subprocess.Popen(["nginx", "-c", config])


class Command:
    """A long-lived command with a clock of its own."""

    def __init__(self, name, *words):
        self.name, self.words, self.clock = name, words, clocks / name
        self.step(0)
        self.start()

    def step(self, seconds):
        self.clock.with_suffix(".new").write_text(f"{seconds:+d}s\n")
        os.rename(self.clock.with_suffix(".new"), self.clock)

    def start(self):
        environment = dict(os.environ, LD_PRELOAD=LIBRARY, FAKETIME_TIMESTAMP_FILE=str(self.clock), FAKETIME_NO_CACHE="1",
                           FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME_FORCE_MONOTONIC_FIX="0")  # with the fix a JVM spins
        with open(logs / (self.name + ".log"), "ab") as log:
            self.process = subprocess.Popen([dist / "bin" / self.words[0], *self.words[1:]], env=environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def send(self, number):
        os.killpg(self.process.pid, number)


def fetch(number, server):
    name = f"f{rng.randrange(FILES)}"
    output = base / "out" / str(number)
    start = time.monotonic()
    command = [dist / "bin/dfget", "-u", f"http://127.0.0.1:{SOURCE}/{name}", "-o", output, "--home", server.home,
               "-n", f"127.0.0.1:{SUPERNODE}", "--json"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=FETCH_LIMIT, text=True)
    except subprocess.TimeoutExpired:
        counts["hung"] += 1
        note("HUNG", name, server.name)
        return
    end = time.monotonic()
    if done.returncode:
        kind = re.search(r'"kind" *: *"(\w+)"', done.stdout + done.stderr)
        with lock:
            failures[kind.group(1) if kind else f"exit {done.returncode}"] += 1
        with open(logs / "failed.log", "a") as log:
            log.write(f"{end - began:.0f} {server.name} {name}\n{done.stdout}{done.stderr}\n")
        if output.exists():
            wrong.append(f"{name} failed but is there")
        return
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    # An unchanged file may come from the cache of a moment ago: the version before a change counts for 15 s (--unvalidated-ttl and a probe).
    history = versions[name]
    good = {d for i, (_, d) in enumerate(history) if history[i][0] <= end and (i + 1 == len(history) or history[i + 1][0] >= start - 15)}
    counts["right" if digest in good else "wrong"] += 1
    if digest not in good:
        known = digest in {d for _, d in history}
        wrong.append(f"{name} at {end - began:.0f} s: {'an old version' if known else 'no version'}")
        note("WRONG", wrong[-1])
    output.unlink()


def fetching(server, stop):
    number = 0
    while not stop.is_set():
        number += 1
        fetch(f"{server.name}-{threading.get_ident()}-{number}", server)
        stop.wait(rng.uniform(0.5, 12))


def fill(seconds, stop):
    filler = disk / "filler"
    with open(filler, "wb") as out:
        try:
            while True:
                out.write(b"\0" * (1 << 20))
                out.flush()
        except OSError:
            pass
        stop.wait(seconds)
        try:
            out.close()
        except OSError:
            pass
    filler.unlink()


def faults(commands, stop):
    while not stop.wait(rng.uniform(8, 25)):
        kind = rng.choice(["disk", "stop", "clock", "clock", "restart", "change", "change", "change"])
        counts["fault." + kind] += 1
        command = rng.choice(commands)
        if kind == "disk":
            fill(20, stop)
        elif kind == "stop":
            command.send(signal.SIGSTOP)
            stop.wait(rng.uniform(3, 25))
            command.send(signal.SIGCONT)
        elif kind == "clock":
            command.step(rng.choice([-3600, -60, 0, 60, 3600]))
        elif kind == "restart":
            commands[0].send(signal.SIGKILL)
            commands[0].process.wait()
            stop.wait(rng.uniform(0, 10))
            commands[0].start()
        else:
            make(f"f{rng.randrange(FILES)}")


def processes():
    """pid: (role, resident bytes, threads, open handles) of each Java process of this soak."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            line = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            if str(dist) not in line and str(base) not in line or "java" not in line.split(" ")[0]:
                continue
            status = pathlib.Path(f"/proc/{entry}/status").read_text()
            role = next((r for pattern, r in ROLES if re.search(pattern, line)), "other")
            number = lambda key: int(re.search(key + r":\s+(\d+)", status).group(1))
            found[int(entry)] = (role, number("VmRSS") << 10, number("Threads"), len(os.listdir(f"/proc/{entry}/fd")))
        except (OSError, AttributeError):
            pass
    return found


ROLES = [(r"SoakProcess supernode", "soak supernode"), (r"SoakProcess peer", "soak peer"), (r"SoakMain", "soak"),
         (r"ServerMain", "dfget server"), (r"SupernodeMain", "supernode")]


def flat(samples):
    """Medians by sixth of the time, and the roles whose last sixth is more than 15 % above the fourth."""
    report, grown = {}, []
    for role in sorted({role for _, role, *_ in samples}):
        sixths = []
        for sixth in range(6):
            part = [s for s in samples if s[1] == role and int(s[0] * 6) == sixth]
            sixths.append([round(statistics.median(s[i] for s in part)) for i in (2, 3, 4)] if part else None)
        report[role] = {"rss_mib": [s and s[0] >> 20 for s in sixths], "threads": [s and s[1] for s in sixths],
                        "handles": [s and s[2] for s in sixths]}
        # The others are killed again and again: they are young each time.
        if role == "dfget server" and sixths[3] and sixths[5] and sixths[5][0] > sixths[3][0] * 1.15:
            grown.append(role)
    return report, grown


def main():
    for directory in (clocks, logs, www, base / "out", disk):
        directory.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "size=1280m", "tmpfs", disk)
    stop, samples, commands, origin = threading.Event(), [], [], source()
    for number in range(FILES):
        make(f"f{number}")
    try:
        commands.append(Command("supernode", "supernode", "--home-dir", str(disk / "supernode"), "--port", str(SUPERNODE),
                                "--advertise-ip", "127.0.0.1", "--quota-bytes", "300M"))
        for number in range(1, SERVERS + 1):
            commands.append(Command(f"server{number}", "dfget", "server", "--home", str(disk / f"server{number}"), "-n",
                                    f"127.0.0.1:{SUPERNODE}", "--ip", "127.0.0.1", "--alivetime", "0", "--quota-bytes", "160M"))
            commands[-1].home = str(disk / f"server{number}")
        time.sleep(10)
        soak = subprocess.Popen([dist / "bin/soak", "--minutes", str(options.minutes), "--seed", str(options.seed), "--dir", base / "soak",
                                 "--json"], stdout=subprocess.PIPE, stderr=open(logs / "soak.log", "wb"), text=True)
        threads = [threading.Thread(target=fetching, args=(c, stop)) for c in commands[1:] for _ in range(AT_ONCE)]
        threads.append(threading.Thread(target=faults, args=(commands, stop)))
        for thread in threads:
            thread.start()
        until = time.monotonic() + options.minutes * 60
        while time.monotonic() < until:
            time.sleep(15)
            part = max(0.0, min(1 - (until - time.monotonic()) / (options.minutes * 60), 0.999))
            samples += [(part, *p) for p in processes().values()]
            note(dict(counts), "failed", dict(failures))
        stop.set()
        for thread in threads:
            thread.join(FETCH_LIMIT + 30)
        for command in commands:
            command.send(signal.SIGCONT)
        output = soak.communicate(timeout=300)[0]
        inner = json.loads(output)
        for command in reversed(commands):
            command.send(signal.SIGTERM)
        slow = []
        for command in commands:
            try:
                command.process.wait(60)
            except subprocess.TimeoutExpired:
                slow.append(command.name)
        time.sleep(2)
        leaked = {pid: p[0] for pid, p in processes().items()}
        memory, grown = flat(samples)
        traces = sum(line.startswith("\tat ") for log in logs.glob("*.log") for line in open(log, errors="replace"))
        clean = bool(inner["clean"] and counts["right"] and not (counts["wrong"] or counts["hung"] or wrong or slow or leaked or grown or traces))
        print(json.dumps({"minutes": options.minutes, "seed": options.seed, "soak": inner, "commands": dict(counts), "failed": dict(failures),
                          "wrong": wrong, "not_ended_by_sigterm": slow, "leaked": leaked, "grown": grown, "trace_lines": traces,
                          "processes": memory, "clean": clean}, indent=1))
        return 0 if clean else 1
    finally:
        stop.set()
        for command in commands:
            try:
                command.send(signal.SIGKILL)
            except OSError:
                pass
        origin.terminate()
        origin.wait()
        time.sleep(1)
        run("umount", disk)


if __name__ == "__main__":
    sys.exit(main())
