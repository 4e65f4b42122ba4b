#!/usr/bin/env python3
"""Rules of the house that neither compiler nor clang-tidy knows.

    tools/tidy.py [ROOT]

Checks the tracked (and not ignored) files below ROOT. One line per finding,
"path:line: rule: use X instead"; the exit code is 1 if there is any. A line that has a reason to
break a rule carries `// det-ok: reason` (`# det-ok: reason` outside C++) on itself or alone on the
line above. `det-ok: table` in the first five lines exempts a file that is one table from the limit
on its length.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass

# The house (docs/architecture.md): what a module may use, publicly and privately.
HOUSE = {
    "base": ((), ()),
    "domain": (("base",), ()),
    "net": (("base",), ()),
    "sql": (("base",), ()),
    "exchange": (("domain",), ()),
    "store": (("domain",), ("sql",)),
    "notify": (("store",), ("net",)),
    "supervise": (("base",), ("net",)),
    "control": (("domain",), ("net",)),
    "desk": (("exchange", "store"), ()),
    "trading": (("desk",), ()),
    "binance": (("exchange",), ("net",)),
    "sim": (("exchange",), ()),
    "service": (("trading", "control", "notify"), ()),
    "paper": (("sim", "net"), ("sql",)),
    "bot": (("control", "supervise", "notify", "store"), ("net",)),
    "dashboard": (("control", "store"), ("net",)),
    "backtest": (("service", "sim"), ()),
    "app": None,  # everything
}


@dataclass(frozen=True)
class Ban:
    rule: str
    pattern: str
    advice: str
    allowed: str = r"$^"  # paths where the name may stand
    only: str = r"(src|tests|bench)/.*\.(cpp|h)$"  # paths that are looked at


BANS = [
    Ban("clock", r"\b(system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday)\b"
        r"|\b(steady_timer|system_timer|deadline_timer)\b|\btime\((nullptr|NULL|0)\)",
        "use bb::Clock instead", allowed=r"src/base/clock\.cpp$|bench/"),
    Ban("random", r"\brandom_device\b|\bmt19937(_64)?\b|\bdefault_random_engine\b|\bminstd_rand0?\b"
        r"|\branlux\w+|\b(uniform|normal|bernoulli|exponential)\w*_distribution\b"
        r"|(?<![\w.>])(?:std::)?(s?rand|rand_r|drand48|srandom)\s*\(",
        "use bb::Random instead", allowed=r"src/base/random\.(h|cpp)$"),
    Ban("thread", r"\bstd::(jthread|thread|async)\b(?!::hardware_concurrency)|\bthread_pool\b",
        "use a coroutine of the loop (TaskGroup, gather) instead", allowed=r"src/store/",
        only=r"src/.*\.(cpp|h)$"),
    Ban("sleep", r"\bthis_thread::sleep_(for|until)\b|\b(usleep|nanosleep)\s*\("
        r"|(?<![\w:])::sleep\s*\(",
        "use co_await bb::sleep_for(clock, ..) instead"),
    Ban("local time", r"\b(localtime|localtime_r|mktime)\b",
        "use UTC, or date::make_zoned in service/schedule, instead"),
    Ban("environment", r"(?<![\w.>])(?:std::)?(secure_)?(getenv|setenv|putenv)\b|\benviron\b",
        "use process_environment() of base/settings.h instead",
        allowed=r"src/base/(settings|plant)\.cpp$", only=r"src/.*\.(cpp|h)$"),
    Ban("detached", r"\basio::detached\b|\bdetached_t\b|\busing\b.*::detached\b",
        "use TaskGroup::spawn or gather instead"),
    Ban("erased handler", r"\bany_completion_handler\b",
        "use park() and Resume of base/park.h instead"),
]

HEAVY = re.compile(r'#\s*include\s*[<"](boost/beast|boost/asio/ssl|boost/asio\.hpp|nlohmann/|'
                   r"simdjson|spdlog/|sqlite3|CLI/|CLI11)")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([a-z_]+)/([^"]+)"')
ESCAPE = re.compile(r"(?://|#|--)\s*det-ok:\s*\S")
MACRO = re.compile(r"\b(?:BB_CHECK|(?:DOCTEST_)?(?:CHECK|REQUIRE|WARN)(?:_[A-Z_]+)?)\s*\(")
LEFT_TO_DO = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")  # det-ok: the rule itself
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:(?:work|farm|root)/|tmp/wt\b)")
LONG_KEY = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{64}(?![A-Za-z0-9])")
DOCUMENTED_KEYS = ("vmPUZE6m", "NhqPtmdS")  # the examples of the exchange's own documentation
SECRETS = [
    re.compile(r"\bSCT\d+T[A-Za-z0-9]{20,}"),
    re.compile(r"\bsctp\d+t[A-Za-z0-9]{20,}"),
    re.compile(r"\b\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
]
CODE = (".cpp", ".h", ".py", ".sh", ".cmake", ".txt", ".sql", ".ts", ".tsx", ".css", ".html")
TEXT = CODE + (".md", ".ini", ".json", ".yml", ".yaml", ".toml", ".service", ".conf")
COLUMNS = 100


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    advice: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.advice}"


def blank(text):
    """C++ with the contents of comments and literals blanked out; lines and columns stay."""
    pattern = re.compile(r"//[^\n]*|/\*.*?\*/|R\"([^()\\\s]{0,16})\(.*?\)\1\"|"
                         r"\"(?:\\.|[^\"\\\n])*\"|(?<![\w])'(?:\\.|[^'\\\n])+'", re.S)

    def hide(match):
        found = match.group(0)
        keep = 0 if found.startswith("/") else 1
        inner = found[keep:len(found) - keep]
        return found[:keep] + re.sub(r"[^\n]", " ", inner) + found[len(found) - keep:]

    return pattern.sub(hide, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Source:
    """One file, read once."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.is_cpp = path.endswith((".cpp", ".h"))
        self.code = blank(self.text) if self.is_cpp else self.text

    def is_excused(self, line):
        here = self.lines[line - 1] if line <= len(self.lines) else ""
        above = self.lines[line - 2].strip() if line > 1 else ""
        alone = above.startswith(("//", "#", "--"))
        return bool(ESCAPE.search(here) or (alone and ESCAPE.search(above)))


class Modules:
    """Who sees whom: as src/*/CMakeLists.txt declares it, else as the house allows it."""

    def __init__(self, sources):
        self.deps = {name: list(entry[0]) for name, entry in HOUSE.items() if entry}
        self.private = {name: list(entry[1]) for name, entry in HOUSE.items() if entry}
        self.findings = []
        for source in sources.values():
            match = re.fullmatch(r"src/(\w+)/CMakeLists\.txt", source.path)
            if match:
                self.read(match.group(1), source)

    def read(self, name, source):
        text = re.sub(r"#[^\n]*", "", source.text)
        call = re.search(r"bb_module\(\s*" + name + r"\b([^)]*)\)", text)
        words = call.group(1).split() if call else []
        lists = {"DEPS": [], "PRIVATE_DEPS": []}
        kind = None
        for word in words:
            if re.fullmatch(r"[A-Z_]+", word):
                kind = word
            elif kind in lists:
                lists[kind].append(word)
        if name not in HOUSE:
            self.findings.append(Finding(
                source.path, 1, "layers", f"{name} is no room of the house: use an existing module"
                " instead, or add it to docs/architecture.md and to HOUSE in tools/tidy.py"))
        elif call and HOUSE[name]:
            self.deps[name] = lists["DEPS"]
            self.private[name] = lists["PRIVATE_DEPS"]
            self.check_house(name, source)

    def check_house(self, name, source):
        public, private = closure(name, house_deps), set(HOUSE[name][1])
        for dep in private:
            private = private | closure(dep, house_deps)
        for dep in self.deps[name] + self.private[name]:
            allowed = public if dep in self.deps[name] else public | private
            if dep not in allowed:
                line = next((i for i, text in enumerate(source.lines, 1)
                             if re.search(rf"\b{dep}\b", text)), 1)
                how = " publicly" if dep in private else ""
                self.findings.append(Finding(
                    source.path, line, "layers", f"{name} may not use {dep}{how}; use "
                    f"{', '.join(sorted(set(HOUSE[name][0]) | set(HOUSE[name][1]))) or 'nothing'}"
                    " (docs/architecture.md) instead"))

    def visible_from(self, name):
        seen = closure(name, lambda module: self.deps.get(module, []))
        for dep in self.private.get(name, []):
            seen |= {dep} | closure(dep, lambda module: self.deps.get(module, []))
        return seen | {name}


def house_deps(name):
    entry = HOUSE.get(name)
    return entry[0] if entry else ()


def closure(name, deps_of):
    seen, todo = set(), list(deps_of(name))
    while todo:
        dep = todo.pop()
        if dep not in seen:
            seen.add(dep)
            todo += deps_of(dep)
    return seen


def check_layers(source, modules):
    match = re.match(r"src/(\w+)/", source.path)
    if not match or not source.is_cpp or HOUSE.get(match.group(1), ()) is None:
        return
    name = match.group(1)
    visible = modules.visible_from(name)
    for number, text in enumerate(source.lines, 1):
        include = INCLUDE.match(text)
        if include and include.group(1) in HOUSE and include.group(1) not in visible:
            yield Finding(source.path, number, "layers",
                          f"{name} does not see {include.group(1)}; use "
                          f"{', '.join(sorted(visible - {name})) or 'nothing'} instead")


def check_bans(source):
    if not source.is_cpp:
        return
    for ban in BANS:
        if not re.match(ban.only, source.path) or re.match(ban.allowed, source.path):
            continue
        for match in re.finditer(ban.pattern, source.code):
            yield Finding(source.path, line_of(source.code, match.start()), ban.rule,
                          f"{match.group(0).strip(' (')}: {ban.advice}")


def check_await_in_macros(source):
    if not source.is_cpp:
        return
    for match in MACRO.finditer(source.code):
        depth, end = 1, match.end()
        while end < len(source.code) and depth:
            depth += {"(": 1, ")": -1}.get(source.code[end], 0)
            end += 1
        at = source.code.find("co_await", match.end(), end)
        if at >= 0:
            yield Finding(source.path, line_of(source.code, at), "await in a check",
                          "use a name for the result on the line before, and check that, instead")


def check_heavy_headers(source):
    if not re.match(r"(src|tests/support)/.*\.h$", source.path):
        return
    for number, text in enumerate(source.lines, 1):
        match = HEAVY.match(text)
        if match:
            yield Finding(source.path, number, "heavy header",
                          f"{match.group(1)}: include it in the .cpp and use a forward declaration"
                          " or a pointer to a hidden struct here instead")


def check_lengths(source):
    if source.path.endswith((".txt", ".html")) and not source.path.endswith("CMakeLists.txt"):
        return
    limit = None
    if source.path.startswith("src/") and source.is_cpp:
        limit = 200 if source.path.endswith(".h") else 400
    elif source.path.startswith(("tests/", "tools/", "bench/")) and source.path.endswith(CODE):
        limit = 600
    table = any("det-ok: table" in text for text in source.lines[:5])
    if limit and len(source.lines) > limit and not table:
        yield Finding(source.path, len(source.lines), "file length",
                      f"{len(source.lines)} lines; use two files of one purpose each instead"
                      f" (limit {limit})")
    if source.path.endswith(CODE):
        for number, text in enumerate(source.lines, 1):
            if len(text) > COLUMNS and '"http' not in text and "://" not in text:
                yield Finding(source.path, number, "line length",
                              f"{len(text)} columns; use {COLUMNS} instead")


def check_words(source):
    for number, text in enumerate(source.lines, 1):
        match = LEFT_TO_DO.search(text)
        if match and source.path.endswith(CODE):
            yield Finding(source.path, number, "left to do",
                          f"{match.group(1)}: finish it or use the issue list instead")
        if MACHINE_PATH.search(text):
            yield Finding(source.path, number, "machine path",
                          "use a path relative to the repository instead")
        # The digests of a lock file are public.
        keys = [key for key in LONG_KEY.findall(text)
                if looks_random(key) and '"integrity": "sha512-' not in text]
        if keys or any(pattern.search(text) for pattern in SECRETS):
            yield Finding(source.path, number, "secret",
                          "use the environment or a `file:` reference instead, and revoke this")


def looks_random(key):
    """API keys mix cases and digits; hexadecimal digests of test vectors do not."""
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]")
    varied = len(set(key)) > 16
    return varied and all(re.search(k, key) for k in kinds) and not key.startswith(DOCUMENTED_KEYS)


def check_dead_files(sources):
    lists = {path: source.text for path, source in sources.items()
             if path.endswith("CMakeLists.txt")}
    included = set()
    for source in sources.values():
        if source.is_cpp:
            for name in re.findall(r'#\s*include\s*"([^"]+)"', source.text):
                folder = os.path.dirname(source.path)
                included |= {f"src/{name}", f"tests/{name}", f"bench/{name}",
                             os.path.normpath(os.path.join(folder, name))}
    for path in sources:
        if not re.match(r"(src|tests|bench)/", path):
            continue
        if path.endswith(".cpp") and not is_listed(path, lists):
            yield Finding(path, 1, "dead file",
                          "list it in the CMakeLists.txt of its folder, or use git rm instead")
        if path.endswith(".h") and path not in included:
            yield Finding(path, 1, "dead file",
                          "nobody includes it: include it where needed, or use git rm instead")


def is_listed(path, lists):
    folder, name = os.path.split(path)
    while folder:
        text = lists.get(f"{folder}/CMakeLists.txt")
        if text is not None and re.search(rf"(?<![\w/.]){re.escape(name)}(?![\w.])", text):
            return True
        folder, parent = os.path.split(folder)
        name = f"{parent}/{name}"
    return False


def list_files(root):
    """Tracked and new files, not what is ignored; without git, everything."""
    git = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True, check=False)
    if git.returncode == 0:
        paths = git.stdout.decode().split("\0")
    else:
        paths = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, names in os.walk(root) for name in names]
    return sorted({p for p in paths if p and os.path.isfile(os.path.join(root, p))})


def is_text(path):
    return path.endswith(TEXT) or os.path.basename(path) in ("Makefile", "run", "Dockerfile",
                                                             ".clang-tidy", ".clang-format")


def check_tree(root):
    """All findings below root, sorted."""
    sources = {path: Source(root, path) for path in list_files(root) if is_text(path)}
    modules = Modules(sources)
    findings = list(modules.findings)
    for source in sources.values():
        findings += check_layers(source, modules)
        for check in (check_bans, check_await_in_macros, check_heavy_headers, check_lengths,
                      check_words):
            findings += check(source)
    findings += check_dead_files(sources)
    return sorted({f for f in findings if not sources[f.path].is_excused(f.line)})


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..")
    findings = check_tree(root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
