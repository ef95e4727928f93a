#!/usr/bin/env python3
"""Holds the tree against the house rules: who may include whom, file budgets, and calls that have a wrapper.

usage: check.py [ROOT]      prints each breach as FILE:LINE: RULE, ends with 1 if there is any
"""
import pathlib, re, sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
src = root / 'src'
rules = {}
for line in (root / 'tests/layers/rules.txt').read_text().splitlines():
    if line.strip() and not line.startswith('#'):
        room, _, used = line.partition(' uses')
        rules[room.strip()] = used.split()

FILE_LINES, HEADER_LINES = 700, 200
# call → where it may stand; everyone else uses the wrapper
FORBIDDEN = {
    r'\bstd::regex\b|#include <regex>': ((), 'std::regex is forbidden (slow to compile and to run)'),
    r'#include <iostream>': ((), '<iostream> is forbidden'),
    r'(?<![\w.:>])(?:::|std::)?getenv\(': (('app',), 'only app/ reads the environment'),
    r'(?<![\w.>])(?:::|std::)?system\(\s*[\w\"]': ((), 'system() is forbidden: os::Process'),
    r'\bremove_all\(': ((), 'remove_all is not safe against links: os::remove_tree'),
    r'\.detach\(\);\s*//\s*thread': ((), 'no detached threads: os::Scope'),
    r'\b(TODO|FIXME|XXX)\b': ((), 'unfinished work has no place in the tree'),
}

def room_of(path):
    """The longest room of the rules that holds this file (embedded/runtime/native before embedded/runtime)."""
    folder = path.parent.relative_to(src).as_posix()
    while folder and folder != '.':
        if folder in rules or folder == 'base':
            return folder
        folder = folder.rpartition('/')[0]
    return None

def allowed(user, used):
    if used in ('base', user) or user == 'app':
        return True
    return any(used == r or (r.endswith('/*') and used.startswith(r[:-1])) for r in rules[user])

breaches = []
def breach(path, line, text):
    breaches.append(f'{path.relative_to(root)}:{line}: {text}')

for path in sorted(src.rglob('*')):
    if path.suffix not in ('.h', '.cpp', '.c'):
        continue
    lines = path.read_text().splitlines()
    room = room_of(path)
    if room is None:
        breach(path, 1, 'this folder is no room of tests/layers/rules.txt')
        continue
    if len(lines) > FILE_LINES:
        breach(path, len(lines), f'{len(lines)} lines; at most {FILE_LINES}: split it by idea')
    if path.suffix == '.h' and len(lines) > HEADER_LINES:
        breach(path, len(lines), f'a header of {len(lines)} lines; at most {HEADER_LINES}')
    test = path.stem.endswith(('_test', '_fuzz'))
    for number, line in enumerate(lines, 1):
        include = re.match(r'#include "([^"]+)"', line)
        if include:
            target = src / include.group(1)
            if not target.exists():
                continue
            used = room_of(target)
            if used != room and not test and not allowed(room, used):
                breach(path, number, f'{room} may not use {used}')
        if path.suffix == '.h' and re.match(r'#include <(boost|nlohmann|rapidjson|fmt|re2|curl|openssl)/', line):
            breach(path, number, 'no third-party header in a header')
        code = line.split('//')[0] if 'TODO' not in line else line
        for pattern, (exempt, why) in FORBIDDEN.items():
            if room.split('/')[0] not in exempt and re.search(pattern, code):
                breach(path, number, why)

print('\n'.join(breaches) if breaches else f'{len(rules)} rooms keep to the rules')
sys.exit(1 if breaches else 0)
