#!/usr/bin/env python3
"""First messages of TLS handshakes from one address at a supernode, and what they cost another one. Needs root and iproute2.

    greetings.py --dist dragonfly-examples/target/dragonfly --rate 400 --seconds 10

The message is always the same, so it costs the sender next to nothing: what is measured is the supernode's part, unlike with crowd.py,
where peers and intruders need more processor time than the supernode. Prints for a calm phase and two crowded ones how many were
answered, the supernode's processor time, and how long requests of another address took: on a connection that it has, and on new ones.
"""
import argparse, asyncio, os, ssl, subprocess, sys, time

from crowd import Space

SUPERNODE, OTHER, CROWD = "10.98.0.2", "10.98.1.1", "10.98.9.9"


def context():
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting


def greeting():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context().wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def at(times, part):
    ordered = sorted(times)
    return f"{1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))]:.0f} ms" if ordered else "none"


class Phase:
    def __init__(self, pid, seconds):
        self.pid, self.seconds, self.end = pid, seconds, time.time() + seconds
        self.answered, self.failed, self.kept, self.new = 0, 0, [], []

    async def greet(self, message):
        try:
            reader, writer = await asyncio.open_connection(SUPERNODE, 8002, local_addr=(CROWD, 0))
            writer.write(message)
            byte = await reader.read(1)
            self.answered += bool(byte)
            writer.close()
        except OSError:
            pass

    async def open(self):
        return await asyncio.open_connection(SUPERNODE, 8002, local_addr=(OTHER, 0), ssl=context())

    async def get(self, reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")][0]
        await reader.readexactly(int(length.split(b":")[1]))

    async def keep(self):
        connection = await self.open()
        while time.time() < self.end:
            start = time.time()
            await self.get(*connection)
            self.kept.append(time.time() - start)
            await asyncio.sleep(0.03)

    async def renew(self):
        while time.time() < self.end:
            start = time.time()
            try:
                reader, writer = await self.open()
                await self.get(reader, writer)
                self.new.append(time.time() - start)
                writer.close()
            except OSError:
                self.failed += 1
            await asyncio.sleep(0.2)

    async def run(self, name, rate, message):
        before, start, sent, greetings = processor_seconds(self.pid), time.time(), 0, []
        others = [asyncio.create_task(self.keep()), asyncio.create_task(self.renew())]
        while time.time() < self.end:
            while sent < (time.time() - start) * rate:
                greetings.append(asyncio.create_task(self.greet(message)))
                sent += 1
            await asyncio.sleep(0.01)
        await asyncio.gather(*others)
        print(f"{name}, {time.time() - start:.1f} s: {sent} greetings, {self.answered} answered; supernode"
              f" {processor_seconds(self.pid) - before:.1f} CPU-seconds; requests on a connection {at(self.kept, 0.5)}, p99"
              f" {at(self.kept, 0.99)}; on new ones {at(self.new, 0.5)}, p99 {at(self.new, 0.99)}, {self.failed} failed", flush=True)
        for each in greetings:
            each.cancel()


async def measure(pid, rate, seconds):
    message = greeting()
    await Phase(pid, seconds).run("warming up", 0, message)
    await Phase(pid, seconds).run("calm", 0, message)
    await Phase(pid, seconds).run("crowded", rate, message)
    await Phase(pid, seconds).run("crowded, later", rate, message)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dist", default="dragonfly-examples/target/dragonfly")
    parser.add_argument("--rate", type=int, default=400, help="greetings each second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--prefix", default="greetings")
    parser.add_argument("--peers", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--pid", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pid:
        asyncio.run(measure(args.pid, args.rate, args.seconds))
        return
    dist = os.path.abspath(args.dist)
    space = Space(args)
    try:
        node = space.host("supernode", 2)
        supernode = node.start(f"{dist}/bin/supernode --home-dir {node.dir}/home --advertise-ip {node.ip}")
        node.await_line("supernode ready")
        subprocess.run(
            f"ulimit -n 16384; ip netns exec {space.name} {sys.executable} {os.path.abspath(__file__)} --pid {supernode.pid}"
            f" --rate {args.rate} --seconds {args.seconds}", shell=True, check=True)
    finally:
        space.close()


main()
