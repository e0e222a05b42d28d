"""Keeps memory touched while something is measured on a virtual machine that gives free memory back to its host.

    memory.py &

There the kernel's first touch of a page costs more than all else that is done with it: up to 2.5 CPU-seconds for each GiB
that goes into the page cache, instead of 0.2. This takes all free memory but half a GiB, touches it, and gives it
back bit by bit as free memory gets scarce. So most of what is measured beside it, a rival too, gets memory that the host has at hand.
It says how much it holds each time that it has taken some: begin then. Needs root. End it by its process id.
"""
import argparse, mmap, os, time

CHUNK = 64 << 20
ENOUGH, TAKE_DOWN_TO, SCARCE = 900 << 20, 500 << 20, 400 << 20


def free():
    with open("/proc/meminfo") as info:
        return next(int(line.split()[1]) << 10 for line in info if line.startswith("MemFree:"))


def touched():
    memory = mmap.mmap(-1, CHUNK)
    for page in range(0, CHUNK, mmap.PAGESIZE):
        memory[page] = 1
    return memory


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    held = []
    while True:
        if free() > ENOUGH:
            os.setpriority(os.PRIO_PROCESS, 0, 19)
            while free() > TAKE_DOWN_TO:
                held.append(touched())
            os.setpriority(os.PRIO_PROCESS, 0, -20)  # it must give back as fast as others take
            print(f"holds {len(held) * CHUNK >> 20} MiB", flush=True)
        elif held and free() < SCARCE:
            held.pop().close()
        else:
            time.sleep(0.002)


if __name__ == "__main__":
    main()
