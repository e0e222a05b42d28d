#!/usr/bin/env python3
"""Compares the simulator with hosts of a lab. Needs root, iproute2, nginx, curl and a JDK; ends all that it starts.

    validate.py --dist dragonfly-examples/target/dragonfly --hosts 8 --rate 100mbit --mib 128

The simulator knows links and the scheduler, but not what a byte costs on a wire, how long peers take to begin, and how long a
word takes when links are full, or how well a source fills a link beside all else. These are measured here, and nothing is
fitted: the rate of two curls that fetch from each other at the same time, a swarm's time for a file of one small piece, and while
the swarm runs half of the time that echoes take between the hosts, and how fast the source sends. Prints what the lab and the simulator say: the last and the median peer over size / rate, and the
copies that the source and the supernode sent.
"""
import argparse, json, statistics, subprocess, threading, time

from lab import Lab, sh
from swarm import Swarm, bits_per_second, check

SMALL_KIB = 64
ECHO_SECONDS = 0.05
ECHOES = '''
import select, socket, sys, threading, time
me, seconds, pause, others = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((me, 7))
def serve():
    while True:
        word, whose = server.recvfrom(64)
        server.sendto(word, whose)
threading.Thread(target=serve, daemon=True).start()
time.sleep(0.5)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.bind((me, 0))
end, number, due, times = time.time() + seconds, 0, time.time(), []
while time.time() < end:
    if time.time() >= due:
        client.sendto(repr(time.time()).encode(), (others[number % len(others)], 7))
        number, due = number + 1, due + pause
    if select.select([client], [], [], max(0, due - time.time()))[0]:
        times.append(time.time() - float(client.recv(64)))
print(*times)
'''


def rate_both_ways(swarm, mib):
    """Returns the bits of content per second that a link carries in each direction at the same time."""
    near, far = swarm.source, swarm.hosts[0][0]
    sh(f"truncate -s {mib}M {near.dir}/www/wire; mkdir {far.dir}/www; truncate -s {mib}M {far.dir}/www/wire")
    far.start(f"python3 -m http.server 80 --bind {far.ip} --directory {far.dir}/www", "http.log")
    curl = "curl -sf --retry 20 --retry-connrefused --retry-delay 1 -o /dev/null -w '%{speed_download}' http://"
    both = [subprocess.Popen(f"ip netns exec {here.space} {curl}{there.ip}/wire", shell=True, stdout=subprocess.PIPE, text=True)
            for here, there in ((near, far), (far, near))]
    return min(8 * float(curl.communicate()[0]) for curl in both)


class Echoes:
    """Words that go between all hosts while something else runs."""

    def __init__(self, hosts, seconds):
        self.running = []
        for host in hosts:
            others = [other.ip for other in hosts if other is not host]
            self.running.append(subprocess.Popen(["ip", "netns", "exec", host.space, "python3", "-c", ECHOES, host.ip, str(seconds), str(ECHO_SECONDS)] + others,
                                                 stdout=subprocess.PIPE, text=True))

    def mean_seconds(self):
        return statistics.mean(float(time) for process in self.running for time in process.communicate()[0].split())


class SourceTime:
    """How long the source sends a file, from its first bytes to its last."""

    def __init__(self, source, size):
        self.source, self.size, self.seconds = source, size, None
        self.thread = threading.Thread(target=self.watch, args=(source.sent(),))
        self.thread.start()

    def watch(self, before):
        end, begun = time.time() + 600, None
        while self.seconds is None and time.time() < end:
            sent = self.source.sent() - before
            if begun is None and sent > 10_000:
                begun = time.time()
            if sent > self.size:
                self.seconds = time.time() - begun
            time.sleep(0.1)

    def get(self):
        self.thread.join()
        if self.seconds is None:
            raise SystemExit("the source did not send the file within 600 s")
        return self.seconds


def simulated(args, rate, source_rate, delay):
    command = [f"{args.dist}/bin/simulate", "--json", "--peers", str(args.hosts), "--size", f"{args.mib}MiB", "--rate", f"{int(rate / 8)}",
               "--source-rate", f"{int(source_rate / 8)}", "--call-delay", f"{1000 * delay:.0f}ms", "--report-delay", "50ms"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def measured(swarm, args, ideal, size):
    """Returns medians: the last peer, the median one, the copies, how long the source sent and how long a word took."""
    runs = []
    for run in range(args.runs):
        echoes = Echoes([swarm.node] + [host for host, _ in swarm.hosts], 0.8 * ideal)
        before, reading = swarm.source.sent(), SourceTime(swarm.source, size)
        times, cached = swarm.fetch(f"run{run}-", 1, args.mib << 10)
        runs.append((max(times), statistics.median(times), (swarm.source.sent() - before) / size, cached / size, reading.get(),
                     echoes.mean_seconds() / 2))
    return [statistics.median(column) for column in zip(*runs)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dist", default="dragonfly-examples/target/dragonfly")
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--rate", default="100mbit", help="of each host's link, each way")
    parser.add_argument("--mib", type=int, default=128, help="of the file")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--prefix", default="valid")
    args = parser.parse_args()
    check(args)
    size = args.mib << 20
    ideal = size * 8 / bits_per_second(args.rate)
    lab = Lab(args)
    try:
        swarm = Swarm(lab, args.dist, args.hosts)
        swarm.fetch("warm", 1, args.mib << 10)
        rate = rate_both_ways(swarm, max(16, args.mib // 4))
        start = statistics.median(max(swarm.fetch(f"start{run}-", 1, SMALL_KIB)[0]) for run in range(9))
        last, median, source, cached, reading, delay = measured(swarm, args, ideal, size)
        virtual = simulated(args, rate, 8 * size / reading, delay)
        told = [start + virtual["last_seconds"], start + virtual["median_seconds"]]
        print(json.dumps(dict(
            hosts=args.hosts, rate=args.rate, mib=args.mib,
            inputs=dict(mbit=round(rate / 1e6, 1), source_mbit=round(8 * size / reading / 1e6, 1), start=round(start, 3), word=round(delay, 3)),
            lab=dict(last=round(last / ideal, 3), median=round(median / ideal, 3), source=round(source, 3), supernode=round(cached, 3)),
            simulator=dict(last=round(told[0] / ideal, 3), median=round(told[1] / ideal, 3), source=round(virtual["source_bytes"] / size, 3),
                           supernode=round(virtual["supernode_bytes"] / size, 3)),
            last_apart=round(told[0] / last - 1, 3), median_apart=round(told[1] / median - 1, 3))))
    finally:
        lab.close()


main()
