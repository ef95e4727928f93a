#!/usr/bin/env python3
"""Compose files in git repositories: fetched by git, kept by commit, refused where they lead outside. usage: run.py PROGRAM

The repository is a local one; git is told to use it in place of a URL, so nothing leaves this machine."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop())
URL = 'https://compose.invalid/team/stack.git'


@unittest.skipUnless(shutil.which('git'), 'git is not installed')
class Remote(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='tutti-remote-'))
        self.addCleanup(shutil.rmtree, self.top)
        self.repository = self.top / 'repository'
        (self.repository / 'sub').mkdir(parents=True)
        (self.repository / 'compose.yaml').write_text('services: {web: {image: first, volumes: ["./data:/data"]}}\n')
        (self.repository / 'sub' / 'docker-compose.yml').write_text('services: {inner: {image: inner}}\n')
        self.env = {'PATH': os.environ['PATH'], 'HOME': str(self.top), 'GIT_CONFIG_COUNT': '1',
                    'GIT_CONFIG_KEY_0': f'url.{self.repository.as_uri()}.insteadOf', 'GIT_CONFIG_VALUE_0': URL}
        self.git('init', '-q', '-b', 'main')
        self.commit()

    def git(self, *words):
        subprocess.run(['git', '-c', 'user.name=t', '-c', 'user.email=t@invalid', *words], cwd=self.repository, check=True,
                       env={**self.env, 'GIT_CONFIG_NOSYSTEM': '1'}, stdout=subprocess.DEVNULL)

    def commit(self):
        self.git('add', '-A')
        self.git('commit', '-q', '-m', 'state')

    def config(self, *words, code=0):
        done = subprocess.run([PROGRAM, *words, 'config'], cwd=self.top, env=self.env, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_the_default_branch_and_its_paths(self):
        out = self.config('-p', 'p', '-f', URL)
        self.assertIn('image: first', out)
        self.assertIn(f'{self.top}/.cache/tutti/git/', out)

    def test_a_folder_at_a_reference(self):
        self.git('tag', 'v1')
        (self.repository / 'sub' / 'docker-compose.yml').write_text('services: {inner: {image: later}}\n')
        self.commit()
        self.assertIn('image: inner', self.config('-p', 'p', '-f', f'{URL}#v1:sub'))
        self.assertIn('image: later', self.config('-p', 'p', '-f', f'{URL}#main:sub'))

    def test_includes_and_extends(self):
        (self.top / 'compose.yaml').write_text(
            f'include: ["{URL}"]\nservices: {{own: {{extends: {{file: "{URL}#main:sub", service: inner}}}}}}\n')
        out = self.config()
        self.assertIn('image: first', out)
        self.assertIn('image: inner', out)

    def test_what_is_not_there_is_said_with_its_place(self):
        (self.top / 'compose.yaml').write_text(f'include:\n  - {URL}#gone\n')
        self.assertIn('compose.yaml:2:5: error: cannot fetch', self.config(code=1))
        self.assertIn('no Compose file', self.config('-f', f'{URL}#main:nowhere', code=1))

    def test_no_folder_outside_the_repository(self):
        (self.top / 'secret.yaml').write_text('services: {secret: {image: x}}\n')
        self.assertIn('no Compose file', self.config('-f', f'{URL}#main:../../../../secret.yaml', code=1))

    def test_artifacts_are_refused_by_name(self):
        self.assertIn('not supported yet: oci://example.com/app:1', self.config('-f', 'oci://example.com/app:1', code=1))


if __name__ == '__main__':
    unittest.main()
