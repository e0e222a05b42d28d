#!/usr/bin/env python3
"""Many files at once to many hosts, through the library. Needs root, iproute2, nginx and a JDK; ends all that it starts.

    many.py --dist dragonfly-examples/target/dragonfly --hosts 8 --rate 100mbit --files 10 --kib 16384
    many.py --dist dragonfly-examples/target/dragonfly --hosts 8 --rate 100mbit --files 200 --kib 1024

Each host has a network namespace with a shaped link and one JVM with a DistributionClient, which fetches all files at the same
time, after it has done so once with others. Prints the last and the median host's time until it has all of them over
the ideal, which is the sum of the sizes over the rate, and the copies that left the source.
"""
import argparse, json, statistics

from lab import Lab
from swarm import Swarm, bits_per_second, check

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
    check(args)
    lab = Lab(args)
    try:
        swarm = Swarm(lab, args.dist, args.hosts)
        swarm.fetch("warm", args.files, args.kib)
        size = args.files * (args.kib << 10)
        ideal = size * 8 / bits_per_second(args.rate)
        runs = []
        for run in range(args.runs):
            before = swarm.source.sent()
            times, _ = swarm.fetch(f"run{run}-", args.files, args.kib)
            runs.append((max(times) / ideal, statistics.median(times) / ideal, (swarm.source.sent() - before) / size))
        middle = [round(statistics.median(column), 3) for column in zip(*runs)]
        print(json.dumps(dict(files=args.files, kib=args.kib, ideal=round(ideal, 2), last_over_ideal=middle[0],
                              median_over_ideal=middle[1], copies_from_source=middle[2], runs=[round(run[0], 3) for run in runs])))
    finally:
        lab.close()


main()
