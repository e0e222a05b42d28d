#!/usr/bin/env python3
"""Many files at once to many hosts, through the library. Needs root, iproute2, nginx and a JDK; ends all that it starts.

    many.py --dist dragonfly-examples/target/dragonfly --hosts 8 --rate 100mbit --files 10 --kib 16384
    many.py --dist dragonfly-examples/target/dragonfly --hosts 8 --rate 100mbit --files 200 --kib 1024

Each host has a network namespace with a shaped link and one JVM with a DistributionClient, which fetches all files at the same
time, after it has done so once with others. Prints the last and the median host's time until it has all of them over
the ideal, which is the sum of the sizes over the rate, and the copies that left the source.
"""
import argparse, json, os, pathlib, re, statistics, subprocess, time

from lab import Lab, sh, supernode

NGINX = """daemon off; worker_processes 1; pid {0}/pid; error_log {0}/error.log; user root;
events {{ worker_connections 4000; }}
http {{ access_log off; sendfile on; client_body_temp_path {0}/t1; proxy_temp_path {0}/t2;
  fastcgi_temp_path {0}/t3; uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5;
  server {{ listen 80; root {0}/www; }} }}
"""


def origin(lab):
    host = lab.host("origin", 1)
    os.makedirs(f"{host.dir}/www")
    pathlib.Path(host.dir, "nginx.conf").write_text(NGINX.format(host.dir))
    host.start(f"/usr/sbin/nginx -c {host.dir}/nginx.conf -p {host.dir}")
    return host


def publish(host, prefix, files, kib):
    past = time.time() - 3600  # a version that is clearly older than the answer
    for i in range(files):
        path = f"{host.dir}/www/{prefix}{i}"
        pathlib.Path(path).write_bytes(os.urandom(kib << 10))
        os.utime(path, (past, past))


def compiled(lab, args):
    source = pathlib.Path(__file__).with_name("ManyFiles.java")
    sh(f"javac -d {lab.dir}/classes -cp '{args.dist}/lib/*' {source}")
    return f"{lab.dir}/classes:{args.dist}/lib/*"


def fetch_all(hosts, prefix, files):
    """Lets all begin, and returns how long each took."""
    for _, process in hosts:
        process.stdin.write(f"{prefix} {files}\n")
        process.stdin.flush()
    return [seconds(host, process.stdout.readline()) for host, process in hosts]


def seconds(host, line):
    if not line:
        raise SystemExit(f"{host.name} has ended:\n" + pathlib.Path(host.dir, "out.log").read_text()[-3000:])
    return float(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dist", default="dragonfly-examples/target/dragonfly")
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--rate", default="100mbit", help="of each host's link, each way")
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--kib", type=int, default=16384, help="of each file")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--prefix", default="many")
    args = parser.parse_args()
    args.dist = os.path.abspath(args.dist)
    lab = Lab(args)
    try:
        source, node = origin(lab), supernode(lab)
        path = compiled(lab, args)
        hosts = []
        for i in range(args.hosts):
            host = lab.host(f"host{i}", 10 + i)
            line = f"java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '{path}' ManyFiles http://{source.ip} {node.ip} {host.ip} {host.dir}"
            hosts.append((host, host.start(line, pipe=True)))
        publish(source, "warm", args.files, args.kib)
        fetch_all(hosts, "warm", args.files)
        rate = re.fullmatch(r"([\d.]+)([kmg])bit", args.rate)
        size = args.files * (args.kib << 10)
        ideal = size * 8 / (float(rate[1]) * {"k": 1e3, "m": 1e6, "g": 1e9}[rate[2]])
        runs = []
        for run in range(args.runs):
            publish(source, f"run{run}-", args.files, args.kib)
            before = source.sent()
            times = fetch_all(hosts, f"run{run}-", args.files)
            runs.append((max(times) / ideal, statistics.median(times) / ideal, (source.sent() - before) / size))
        middle = [round(statistics.median(column), 3) for column in zip(*runs)]
        print(json.dumps(dict(files=args.files, kib=args.kib, ideal=round(ideal, 2), last_over_ideal=middle[0],
                              median_over_ideal=middle[1], copies_from_source=middle[2], runs=[round(run[0], 3) for run in runs])))
    finally:
        lab.close()


main()
