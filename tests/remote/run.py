#!/usr/bin/env python3
"""Compose files elsewhere. usage: run.py PROGRAM

In git repositories: fetched by git, kept by commit, refused where they lead outside. The repository is a local one; git is told
to use it in place of a URL. In OCI artifacts: fetched from a registry, which is one of this test. Nothing leaves this machine."""
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
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


COMPOSE_FILE = 'application/vnd.docker.compose.file+yaml'
ENV_FILE = 'application/vnd.docker.compose.envfile'
PROJECT = 'application/vnd.docker.compose.project'


class Registry(http.server.BaseHTTPRequestHandler):
    """A registry: manifests by tag or digest, blobs by digest, uploads in one piece or several."""
    manifests, blobs, uploads = {}, {}, {}
    takes_artifacts = True  # else manifests with an artifactType are refused, as by old registries

    def do_GET(self):
        kind, name = self.path.split('/')[-2:]
        content = {'manifests': self.manifests, 'blobs': self.blobs}.get(kind, {}).get(name)
        if self.path != '/v2/' and content is None:
            return self.send_error(404)
        content = content or b'{}'
        self.send_response(200)
        self.send_header('Content-Type', json.loads(content).get('mediaType', '') if kind == 'manifests' else 'application/octet-stream')
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        if self.command == 'GET':
            self.wfile.write(content)

    do_HEAD = do_GET

    def body(self):
        if 'chunked' not in self.headers.get('Transfer-Encoding', ''):
            return self.rfile.read(int(self.headers.get('Content-Length', 0)))
        content = b''
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def do_POST(self):
        self.body()
        place = f'/v2/uploads/{len(self.uploads)}'
        self.uploads[place] = b''
        self.answer(202, Location=place)

    def do_PATCH(self):
        self.uploads[self.path] += self.body()
        self.answer(202, Location=self.path)

    def do_PUT(self):
        content = self.body()
        if self.path.split('/')[-2] == 'manifests':
            if not self.takes_artifacts and 'artifactType' in json.loads(content):
                return self.answer(400)
            self.manifests[self.path.split('/')[-1]] = content
            return self.answer(201)
        place, _, query = self.path.partition('?')
        self.blobs[query.split('digest=')[1].replace('%3A', ':')] = self.uploads[place] + content
        self.answer(201)

    def log_message(self, *_):
        pass


class Artifact(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='tutti-remote-'))
        self.addCleanup(shutil.rmtree, self.top)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Registry)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.domain = f'localhost:{server.server_port}'

    def publish(self, tag, layers, kind=PROJECT):
        described = []
        for media_type, annotations, text in layers:
            digest = 'sha256:' + hashlib.sha256(text.encode()).hexdigest()
            Registry.blobs[digest] = text.encode()
            described.append({'mediaType': media_type, 'digest': digest, 'size': len(text.encode()),
                              'annotations': {f'com.docker.compose.{key}': value for key, value in annotations.items()}})
        empty = 'sha256:' + hashlib.sha256(b'{}').hexdigest()
        manifest = json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'artifactType': kind,
                               'config': {'mediaType': 'application/vnd.oci.empty.v1+json', 'digest': empty, 'size': 2},
                               'layers': described}).encode()
        Registry.manifests[tag] = manifest
        return manifest

    def config(self, *words, code=0):
        env = {'PATH': os.environ['PATH'], 'HOME': str(self.top)}
        done = subprocess.run([PROGRAM, *words, 'config'], cwd=self.top, env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_files_and_env_files_of_a_project(self):
        self.publish('1', [(COMPOSE_FILE, {'file': 'compose.yaml'}, 'services: {web: {image: one, env_file: shop.env}}\n'),
                           (COMPOSE_FILE, {'file': 'prod.yaml'}, 'services: {web: {extends: {file: base.yaml, service: b}}}\n'),
                           (COMPOSE_FILE, {'file': 'base.yaml', 'extends': 'true'}, 'services: {b: {tty: true}}\n'),
                           (ENV_FILE, {'envfile': 'shop.env'}, 'KIND=published\n')])
        out = self.config('-p', 'p', '-f', f'oci://{self.domain}/team/app:1')
        for part in ('image: one', 'tty: true', 'KIND: published'):
            self.assertIn(part, out)
        (self.top / 'compose.yaml').write_text(f'include: ["oci://{self.domain}/team/app:1"]\nservices: {{own: {{image: o}}}}\n')
        self.assertIn('image: one', self.config())

    def test_the_project_of_an_index(self):
        manifest = self.publish('inner', [(COMPOSE_FILE, {'file': 'compose.yaml'}, 'services: {a: {image: indexed}}\n')])
        digest = 'sha256:' + hashlib.sha256(manifest).hexdigest()
        Registry.manifests[digest] = manifest
        Registry.manifests['index'] = json.dumps(
            {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.index.v1+json',
             'manifests': [{'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'artifactType': PROJECT, 'digest': digest,
                            'size': len(manifest)}]}).encode()
        self.assertIn('image: indexed', self.config('-p', 'p', '-f', f'oci://{self.domain}/team/app:index'))

    def test_names_that_lead_out_of_the_folder_are_refused(self):
        for name in ('../up.env', '/etc/shop.env', 'sub/shop.env', '..', '', 'a\\b'):
            with self.subTest(name):
                self.publish('bad', [(COMPOSE_FILE, {'file': 'compose.yaml'}, 'services: {a: {image: x}}\n'),
                                     (ENV_FILE, {'envfile': name}, 'A=1\n')])
                self.assertIn('invalid OCI artifact', self.config('-f', f'oci://{self.domain}/team/app:bad', code=1))
        self.assertEqual(list((self.top / '.cache' / 'tutti' / 'oci').glob('*')), [])

    def test_what_is_published_is_read_again(self):
        (self.top / 'compose.yaml').write_text(
            'services:\n  web:\n    image: one\n    env_file: ["sub/shop.env"]\n    extends: {file: base.yaml, service: b}\n')
        (self.top / 'prod.yaml').write_text('services: {web: {hostname: there}}\n')
        (self.top / 'base.yaml').write_text('services: {b: {tty: true, env_file: {path: "sub/base.env", required: false}}}\n'
                                            .replace('{path', '[{path').replace('false}', 'false}]'))
        (self.top / 'sub').mkdir()
        (self.top / 'sub/shop.env').write_text('KIND=shop\n')
        for takes in (True, False):
            with self.subTest(takes_artifacts=takes):
                Registry.takes_artifacts = takes
                self.addCleanup(setattr, Registry, 'takes_artifacts', True)
                done = subprocess.run([PROGRAM, '-f', 'compose.yaml', '-f', 'prod.yaml', 'publish', '--with-env',
                                       f'{self.domain}/team/out:{takes}'], cwd=self.top, capture_output=True, text=True,
                                      env={'PATH': os.environ['PATH'], 'HOME': str(self.top)})
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual('artifactType' in json.loads(Registry.manifests[str(takes)]), takes)
                out = self.config('-p', 'p', '-f', f'oci://{self.domain}/team/out:{takes}')
                for part in ('image: one', 'tty: true', 'KIND: shop', 'hostname: there'):
                    self.assertIn(part, out)

    def test_what_is_no_project_is_said(self):
        self.publish('image', [], kind='application/vnd.example.thing')
        message = self.config('-f', f'oci://{self.domain}/team/app:image', code=1)
        self.assertIn('is not a compose project OCI artifact, but application/vnd.example.thing', message)
        self.assertIn('cannot fetch', self.config('-f', f'oci://{self.domain}/team/app:gone', code=1))


if __name__ == '__main__':
    unittest.main()
