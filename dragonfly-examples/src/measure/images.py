#!/usr/bin/env python3
"""What images cost through dfdaemon. Needs root, iproute2, curl and docker-registry; ends all that it starts.

    images.py hosts --dist dragonfly-examples/target/dragonfly --hosts 8 --rate 100mbit --layers 4 --mib 32
    images.py hosts --layers 12 --mib 20 [--supernode-rate 50mbit]
    images.py one   --dist dragonfly-examples/target/dragonfly --rate 100mbit     (or none)
    images.py slow  --dist dragonfly-examples/target/dragonfly --clients 100 --rate-per-client 10k
    images.py stop  --dist dragonfly-examples/target/dragonfly --mib 64

hosts: each host has a network namespace with a shaped link and a dfdaemon; all pull one image at once, its layers in parallel.
       The last one's time over the ideal, which is size / rate (of the slower link, if the supernode's is slower), and the
       copies that the registry sent by its own access log. Its link also carries headers and what TCP sends twice: both
       are in link_over_copies.
one:   one host pulls directly and through its dfdaemon, cold; the ratio of their times, and the time to the first byte.
stop:  the supernode is stopped in the middle of a layer; how long nothing comes then, and when all of it is there.
slow:  clients that read slowly, all at once; how much more memory (RSS) dfdaemon takes while they do.
"""
import argparse, hashlib, json, os, re, signal, statistics, time, urllib.parse

from lab import Lab, sh, supernode

def call(host, method, url, data=None, headers=()):
    """A request from inside of a host; returns its answer's headers."""
    body = os.path.join(host.dir, "body")
    with open(body, "wb") as file:
        file.write(data or b"")
    extra = "".join(f" -H '{line}'" for line in headers)
    return sh(f"ip netns exec {host.space} curl -sS -D - -o /dev/null -X {method} --data-binary @{body} -H 'Content-Type: application/octet-stream'{extra} '{url}'")


def registry(lab):
    host = lab.host("registry", 1)
    with open(os.path.join(host.dir, "config.yml"), "w") as file:
        file.write(f"""version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {host.dir}/store}}}}
http: {{addr: "{host.ip}:5000", secret: lab}}
""")
    host.start(f"docker-registry serve {host.dir}/config.yml", "registry.log")
    for _ in range(100):
        if " 200 " in sh(f"ip netns exec {host.space} curl -sS -D - http://{host.ip}:5000/v2/", check=False):
            return host
        time.sleep(0.1)
    raise SystemExit("the registry does not answer")


def served(host, paths):
    """The bytes of these blobs' bodies that the registry sent, by its access log."""
    with open(os.path.join(host.dir, "registry.log")) as file:
        lines = re.findall(r'"GET (\S+) HTTP/1.1" 20[06] (\d+)', file.read())
    return sum(int(size) for path, size in lines if path in paths)


def push(host, count, mib):
    """Puts blobs there; returns their paths."""
    paths = []
    for _ in range(count):
        blob = os.urandom(mib << 20)
        digest = "sha256:" + hashlib.sha256(blob).hexdigest()
        answer = call(host, "POST", f"http://{host.ip}:5000/v2/lab/app/blobs/uploads/")
        place = re.search(r"(?im)^location: (\S+)", answer).group(1)
        call(host, "PUT", f"{place}&digest={urllib.parse.quote(digest)}", blob)
        paths.append(f"/v2/lab/app/blobs/{digest}")
    return paths


def dfdaemon(lab, host, source, node=None):
    more = f"--node {node.ip} --ip {host.ip}" if node else ""
    process = host.start(f"{lab.args.dist}/bin/dfdaemon --home {host.dir}/home --registry http://{source.ip}:5000 {more}")
    host.await_line("dfdaemon ready")
    return process


def pull(host, base, paths, more=""):
    outs = " ".join(f"-o {host.dir}/b{i} {base}{path}" for i, path in enumerate(paths))
    return host.start(f"curl -sSf -Z --parallel-immediate {more} {outs}", "curl.log")


def check(host, paths):
    for i, path in enumerate(paths):
        with open(f"{host.dir}/b{i}", "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != path.split(":")[1]:
                raise SystemExit(f"{host.dir}/b{i} is wrong")


def bits(rate):
    number, unit = re.fullmatch(r"([\d.]+)([kmg])bit", rate).groups()
    return float(number) * {"k": 1e3, "m": 1e6, "g": 1e9}[unit]


def seconds_per_image(args):
    slowest = min(bits(rate) for rate in (args.rate, args.supernode_rate) if rate)
    return args.layers * (args.mib << 20) * 8 / slowest


def hosts(args, lab):
    source, node = registry(lab), supernode(lab, rate=args.supernode_rate)
    all_hosts = [lab.host(f"host{i}", 10 + i) for i in range(args.hosts)]
    for host in all_hosts:
        dfdaemon(lab, host, source, node)
    for path in [push(source, 1, args.mib)]:  # so that no compiler is part of the figure
        for process in [pull(host, "http://127.0.0.1:65001", path) for host in all_hosts]:
            process.wait(timeout=300)
    paths = push(source, args.layers, args.mib)
    before, start = source.sent(), time.time()
    processes = {host: pull(host, "http://127.0.0.1:65001", paths) for host in all_hosts}
    times = []
    while processes:
        for host, process in list(processes.items()):
            if process.poll() is not None:
                if process.returncode:
                    raise SystemExit(open(f"{host.dir}/curl.log").read())
                times.append(time.time() - start)
                del processes[host]
        time.sleep(0.01)
    for host in all_hosts:
        check(host, paths)
    ideal = seconds_per_image(args)
    copies = served(source, paths) / (args.layers * (args.mib << 20))
    link = (source.sent() - before) / (args.layers * (args.mib << 20))
    return dict(hosts=args.hosts, ideal=round(ideal, 2), last=round(max(times), 2), last_over_ideal=round(max(times) / ideal, 3),
                median_over_ideal=round(statistics.median(times) / ideal, 3), copies_from_registry=round(copies, 3),
                link_over_copies=round(link / copies, 3))


def one(args, lab):
    source, node = registry(lab), supernode(lab)
    host = lab.host("host", 10)
    dfdaemon(lab, host, source, node)
    direct, through, first = [], [], []
    for _ in range(args.runs + 1):
        paths = push(source, args.layers, args.mib)
        start = time.time()
        pull(host, f"http://{source.ip}:5000", paths).wait(timeout=300)
        direct.append(time.time() - start)
        start = time.time()
        pull(host, "http://127.0.0.1:65001", paths).wait(timeout=300)
        through.append(time.time() - start)
        check(host, paths)
        path = push(source, 1, args.mib)[0]
        times = [sh(f"ip netns exec {host.space} curl -sS -o /dev/null -w '%{{time_starttransfer}}' {base}{path}")
                 for base in (f"http://{source.ip}:5000", "http://127.0.0.1:65001")]
        first.append(float(times[1]) - float(times[0]))
    direct, through, first = direct[1:], through[1:], first[1:]  # the first is for the compilers
    return dict(rate=args.rate, direct=round(statistics.median(direct), 3), through=round(statistics.median(through), 3),
                ratio=round(statistics.median(t / d for t, d in zip(through, direct)), 3),
                first_byte_later_ms=round(1000 * statistics.median(first), 1))


def stop(args, lab):
    source, node = registry(lab), supernode(lab)
    host = lab.host("host", 10)
    dfdaemon(lab, host, source, node)
    pull(host, "http://127.0.0.1:65001", push(source, 1, 16)).wait(timeout=300)  # for the compilers
    paths, out = push(source, 1, args.mib), f"{host.dir}/b0"
    os.remove(out)
    start = moved = time.time()
    process, size, silence, stopped = pull(host, "http://127.0.0.1:65001", paths), 0, 0, None
    while process.poll() is None:
        now, has = time.time(), os.path.getsize(out) if os.path.exists(out) else 0
        if has > size:
            silence, size, moved = max(silence, now - moved), has, now
        if stopped is None and size > args.mib << 18:
            stopped = now - start
            sh(f"pkill -STOP -g {lab.started[1].pid}")
        time.sleep(0.02)
    whole = time.time() - start
    check(host, paths)
    return dict(stopped_after=round(stopped, 2), silence=round(silence, 2), whole=round(whole, 2))


def rss(process):
    pids = sh(f"pgrep -g {process.pid}").split()
    total = 0
    for pid in pids:
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("VmRSS"):
                total += int(line.split()[1])
    return total / 1024


def slow(args, lab):
    source = registry(lab)
    host = lab.host("host", 10)
    process = dfdaemon(lab, host, source)
    paths = push(source, 8, args.mib)
    for path in paths:  # they are there, and the code is compiled
        pull(host, "http://127.0.0.1:65001", [path]).wait(timeout=300)
    time.sleep(15)
    before = rss(process)
    clients = [host.start(f"curl -sS --limit-rate {args.rate_per_client} -o /dev/null http://127.0.0.1:65001{paths[i % len(paths)]}", "slow.log")
               for i in range(args.clients)]
    most = 0
    for _ in range(40):
        time.sleep(0.5)
        most = max(most, rss(process))
    running = sum(client.poll() is None for client in clients)
    return dict(clients=running, rss_before_mib=round(before), rss_most_mib=round(most), more_mib=round(most - before))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["hosts", "one", "slow", "stop"])
    parser.add_argument("--dist", default="dragonfly-examples/target/dragonfly")
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--rate", default="100mbit", help="of each host's link, each way; or none")
    parser.add_argument("--supernode-rate", help="of the supernode's link; default: as --rate")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--mib", type=int, default=32, help="of each layer")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rate-per-client", default="10k")
    parser.add_argument("--prefix", default="img")
    args = parser.parse_args()
    args.dist = os.path.abspath(args.dist)
    lab = Lab(args)
    try:
        print(json.dumps(dict(hosts=hosts, one=one, slow=slow, stop=stop)[args.what](args, lab)), flush=True)
    finally:
        lab.close()


main()
