"""Runs a command in a terminal and says what a person would have seen.

usage: terminal.py COLUMNSxROWS[,SECONDS:COLUMNSxROWS...] [--key TEXT:KEY] -- COMMAND...

The terminal gets each size at its time, and the key once the command has written the text. Writes one JSON object: the command's exit code; how often
something did not fit into a line, apart from the first seconds after a change of size, which the
command cannot know before it is told; how often it drew; and the screen at the end, as terminals
show it that cut lines when they become narrower, and as those show it that break them.
"""
import fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

# A busy machine tells a program late. The screen at the end shows that it was told.
GRACE = 5.0
TOKEN = re.compile(r"\x1b\[\??[\d;]*[A-Za-z]|\x1b.|[\r\n]|[^\x1b\r\n]+")


class Screen:
    def __init__(self, columns, rows, breaks):
        self.columns, self.rows, self.breaks = columns, rows, breaks
        self.lines, self.continued = [""], [False]
        self.row = self.column = 0
        self.wraps, self.clipped, self.wrap = 0, 0, True

    def resize(self, columns, rows):
        old = self.columns
        self.columns, self.rows = columns, rows
        if not self.breaks:
            self.lines = [line[:columns] for line in self.lines]
            self.column = min(self.column, columns - 1)
            return
        if columns >= old:
            return
        lines, row = [], 0
        for i, line in enumerate(self.lines):
            if i == self.row:
                row = len(lines) + self.column // columns
            lines += [line[k : k + columns] for k in range(0, max(len(line), 1), columns)]
        self.lines, self.row, self.column = lines, row, self.column % columns

    def feed(self, text, grace):
        for token in TOKEN.findall(text):
            self.token(token, grace)

    def token(self, token, grace):
        if token == "\r":
            self.column = 0
        elif token == "\n":
            self.down()
        elif token.startswith("\x1b["):
            self.control(token)
        elif not token.startswith("\x1b"):
            self.put(token, grace)

    def down(self):
        self.row += 1
        while self.row >= len(self.lines):
            self.lines.append("")

    def control(self, token):
        number = re.sub(r"\D", "", token)
        if token.endswith("K"):
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif token.endswith("J"):
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        elif token.endswith("A"):
            # What has left the screen at its top cannot be reached.
            top = max(0, len(self.lines) - self.rows)
            self.row = max(top, self.row - int(number or 1))
        elif token in ("\x1b[?7l", "\x1b[?7h"):
            self.wrap = token.endswith("h")
        elif not token.endswith("m") and not token.startswith("\x1b[?"):
            raise ValueError("unknown: %r" % token)

    def put(self, text, grace):
        for sign in text:
            if self.column >= self.columns:
                if not grace:
                    self.clipped += 1
                if self.wrap:
                    self.wraps += 0 if grace else 1
                    self.down()
                    self.column = 0
                else:
                    self.column = self.columns - 1
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + sign + line[self.column + 1 :]
            self.column += 1


def size(text):
    columns, rows = text.split("x")
    return int(columns), int(rows)


def main():
    split = sys.argv.index("--")
    sizes, command = sys.argv[1], sys.argv[split + 1 :]
    keys = []
    if "--key" in sys.argv[2:split]:
        text, key = sys.argv[sys.argv.index("--key") + 1].rsplit(":", 1)
        keys.append((text.encode(), key.encode().decode("unicode_escape").encode()))
    first, *later = sizes.split(",")
    steps = [(float(s.split(":")[0]), size(s.split(":")[1])) for s in later]
    columns, rows = size(first)
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        # A shell's background job ignores these, and its children would: a terminal's do not.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        os.execvp(command[0], command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    screens = [Screen(columns, rows, breaks) for breaks in (False, True)]
    start, resized, frames, rest, raw = time.monotonic(), -10.0, 0, b"", b""
    while True:
        now = time.monotonic() - start
        if steps and now >= steps[0][0]:
            columns, rows = steps.pop(0)[1]
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            for screen in screens:
                screen.resize(columns, rows)
            resized = now
        if keys and keys[0][0] in raw:
            os.write(fd, keys.pop(0)[1])
        if now > 240:
            os.kill(pid, signal.SIGKILL)
        if not select.select([fd], [], [], 0.05)[0]:
            continue
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        raw += data
        rest += data
        frames += data.count(b"\x1b[J")
        cut = max(rest.rfind(b"\r"), rest.rfind(b"\n")) + 1
        text, rest = rest[:cut].decode("utf-8"), rest[cut:]
        for screen in screens:
            screen.feed(text, now - resized < GRACE)
    _, status = os.waitpid(pid, 0)
    for screen in screens:
        screen.feed(rest.decode("utf-8"), False)
    cutting, breaking = screens
    answer = {
        "exit": os.waitstatus_to_exitcode(status),
        "tooLong": cutting.clipped,
        "frames": frames,
        "seconds": time.monotonic() - start,
        "screen": cutting.lines,
        "brokenScreen": breaking.lines,
        "raw": raw.decode("utf-8", "replace"),
    }
    print(json.dumps(answer))


main()
