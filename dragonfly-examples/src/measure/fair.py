#!/usr/bin/env python3
"""Many files at once that compete for a supernode or for links. Needs root, iproute2, nginx and a JDK; ends all that it starts.

    fair.py six    six peers fetch a file of 30 MiB each, through a supernode with --upload-rate 2MiB
    fair.py mix    eight hosts of 100 Mbit/s fetch 40 files: 20 of 16 KiB to 1 MiB, 15 of 1 to 50 MiB, 5 of 100 to 500 MiB

six: the ideal is the time that all files together need at the supernode's rate. Prints the last and the first peer's time over
     it, and the longest time in which a peer got no byte.
mix: the ideal is the size of all files over a host's rate. Prints the last host's time over it, the median seconds of the files
     of up to 1 MiB, over all hosts, and the copies that left the source.
"""
import argparse, json, random, statistics

from lab import Lab
from swarm import Swarm, bits_per_second, check, publish

MIB = 1 << 20


def six(args, lab):
    peers, mib, rate = 6, 30, 2 * MIB
    swarm = Swarm(lab, args.dist, peers, f"--upload-rate {rate}")
    if not args.cold:
        swarm.fetch("warm", 10, 64)
    for peer in range(peers):
        publish(swarm.source, f"six{peer}-", [mib * MIB])
    ends = swarm.run([(f"six{peer}-", 1) for peer in range(peers)])
    ideal = peers * mib * MIB / rate
    times = [end.seconds for end in ends]
    return dict(ideal=ideal, last_over_ideal=round(max(times) / ideal, 3), first_over_ideal=round(min(times) / ideal, 3),
                longest_silence=max(end.silence for end in ends))


def sizes(seed):
    chance = random.Random(seed)
    spread = lambda least, most: int(least * (most / least) ** chance.random())
    found = [spread(16 << 10, MIB) for _ in range(20)] + [spread(MIB, 50 * MIB) for _ in range(15)]
    found += [spread(100 * MIB, 500 * MIB) for _ in range(5)]
    chance.shuffle(found)
    return found


def mix(args, lab):
    swarm = Swarm(lab, args.dist, args.hosts)
    swarm.fetch("warm", 10, 1024)
    files = sizes(args.seed)
    publish(swarm.source, "mix", files)
    before = swarm.source.sent()
    ends = swarm.run([("mix", len(files)) for _ in swarm.hosts])
    ideal = sum(files) * 8 / bits_per_second(args.rate)
    small = [end.each[i] for end in ends for i, size in enumerate(files) if size <= MIB]
    return dict(ideal=round(ideal, 1), last_over_ideal=round(max(end.seconds for end in ends) / ideal, 3),
                small_median_seconds=round(statistics.median(small), 2), small_last_seconds=round(max(small), 2),
                copies_from_source=round((swarm.source.sent() - before) / sum(files), 3),
                longest_silence=max(end.silence for end in ends))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["six", "mix"])
    parser.add_argument("--dist", default="dragonfly-examples/target/dragonfly")
    parser.add_argument("--hosts", type=int, default=8, help="of mix")
    parser.add_argument("--rate", default="100mbit", help="of each host's link in mix, each way")
    parser.add_argument("--seed", type=int, default=1, help="of the sizes in mix")
    parser.add_argument("--cold", action="store_true", help="six: without a fetch before; it measures the start of six JVMs, too")
    parser.add_argument("--prefix", default="fair")
    args = parser.parse_args()
    check(args)
    if args.what == "six":
        args.rate = "none"
    lab = Lab(args)
    try:
        print(json.dumps(dict(six=six, mix=mix)[args.what](args, lab)))
    finally:
        lab.close()


main()
