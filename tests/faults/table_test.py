#!/usr/bin/env python3
"""Holds docs/faults.md to the test cases that there are.

    table_test.py [--write] FAULTS.md TEST_PROGRAM..

Every fault that the exchange can produce has a row, each row names all test cases of its number in
those programs, and every test case that the table names exists. --write fills in the faults' cases.
"""

import pathlib
import re
import subprocess
import sys

# What reliability §2.1 to §2.7 marks with P: an exchange can do it to us.
REQUIRED = [*range(1, 15), *range(16, 69), 73, 75]
NUMBERED = re.compile(r"F\d\d: ")
ROW = re.compile(r"^\| (F\d\d|O\d\d?) \| ([^|]*) \| ([^|]*) \|$")


def cases_of(program):
    listed = subprocess.run([program, "--list-test-cases", "--no-intro"], capture_output=True,
                            text=True, check=True).stdout
    return [line.strip() for line in listed.splitlines() if line and not line.startswith("[")
            and not line.startswith("===")]


def main():
    arguments = sys.argv[1:]
    writes = arguments[:1] == ["--write"]
    page, *programs = arguments[1:] if writes else arguments
    page = pathlib.Path(page)
    known = {pathlib.Path(program).name: cases_of(program) for program in programs}
    faults = {}
    for program, cases in known.items():
        for case in filter(NUMBERED.match, cases):
            other = "" if program == "test_faults" else program + ": "
            faults.setdefault(case[:3], []).append(other + case[5:])
    wrong, lines, seen = [], [], set()
    for line in page.read_text().splitlines():
        row = ROW.match(line)
        if row is None:
            lines.append(line)
            continue
        number, title, told = row.groups()
        seen.add(number)
        if number.startswith("F"):
            wanted = "<br>".join(faults.get(number, ()))
            # In brackets: why there is none.
            if not wanted and told.startswith("("):
                wanted = told
            if writes:
                told = wanted
            if told != wanted or not wanted:
                wrong.append(f"{number}: the table says {told!r}, the tests are {wanted!r}")
        else:
            for each in told.split("<br>"):
                program, _, case = each.partition(": ")
                if case not in known.get(program, ()):
                    wrong.append(f"{number}: {program} has no test case '{case}'")
        lines.append(f"| {number} | {title} | {told} |")
    wrong += [f"F{number:02}: no row" for number in REQUIRED if f"F{number:02}" not in seen]
    if writes:
        page.write_text("\n".join(lines) + "\n")
    for each in wrong:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
