"""The language of files `scenario`: what a user types and must then see. Used by scenarios/run.py and systems/run.

  # text                 the intent; a comment
  $ COMMAND              runs it with bash (a last \\ continues the line); must exit with 0 unless …
    = N | = any          … this exit status is expected
    out: TEXT            standard output has TEXT            out! TEXT   has it not         out~ REGEX  matches (multi-line)
    err: TEXT  err! TEXT  err~ REGEX                         standard error likewise
    save NAME            keeps standard output               same NAME   equals what was kept      differs NAME
  eventually COMMAND     the same, tried again until its expectations hold
"""
import os, re, signal, subprocess

LINE = re.compile(r'^(\$|eventually) (.*)$', re.S)
CHECK = re.compile(r'^\s+(= |out: |out! |out~ |err: |err! |err~ |save |same |differs )(.*)$')


def parse(path):
    steps, whole = [], ''
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.endswith('\\') and (whole or LINE.match(line)):
            whole += line + '\n'
            continue
        line, whole = whole + line, ''
        if not line.strip() or line.startswith('#'):
            continue
        if m := LINE.match(line):
            steps.append({'line': number, 'again': m[1] == 'eventually', 'command': m[2], 'checks': []})
        elif (m := CHECK.match(line)) and steps:
            steps[-1]['checks'].append((number, m[1].strip(), m[2]))
        else:
            raise SystemExit(f'{path}:{number}: not understood: {line}')
    return steps


def faults(checks, result, kept):
    code, out, err = result
    wrong = [] if any(kind == '=' for _, kind, _ in checks) or code == 0 else [f'exit status {code}, expected 0']
    for number, kind, text in checks:
        stream, what = (out, 'standard output') if kind.startswith('out') else (err, 'standard error')
        ok = True
        if kind == '=':
            ok = text == 'any' or code == int(text)
            what = f'exit status {code}'
        elif kind.endswith(':'):
            ok = text in stream
        elif kind.endswith('!'):
            ok = text not in stream
        elif kind.endswith('~'):
            ok = re.search(text, stream, re.M) is not None
        elif kind == 'save':
            kept[text] = out
        elif kind == 'same':
            ok = kept[text] == out
        elif kind == 'differs':
            ok = kept[text] != out
        if not ok:
            wrong.append(f'line {number}: {kind} {text} does not hold of {what}')
    return wrong


def shell(command, cwd, env, timeout=90):
    p = subprocess.Popen(['bash', '-c', command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = p.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, err = p.communicate()
        return 124, out.decode('utf-8', 'replace'), err.decode('utf-8', 'replace') + '\n(timed out)'
    return p.returncode, out.decode('utf-8', 'replace'), err.decode('utf-8', 'replace')
