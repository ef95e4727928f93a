"""Plays the Docker CLI: starts a plugin command that would run on, closes the socket, tells the exit status."""
import os, socket, subprocess, sys

name = f'docker_cli_{os.getpid()}'
listener = socket.socket(socket.AF_UNIX)
listener.bind('\0' + name)
listener.listen()
env = dict(os.environ, DOCKER_CLI_PLUGIN_SOCKET='@' + name, TUTTI_ENGINE='embedded')
plugin = subprocess.Popen([sys.argv[1], 'compose', 'events'], env=env)
connection, _ = listener.accept()
connection.close()
print(plugin.wait(30))
