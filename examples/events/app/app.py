"""One program, four parts: sensor, worker, api, noise. The queue is a stream in Redis, with a group of consumers."""
import json, os, random, signal, socket, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

queue = redis.Redis(host=os.environ['REDIS'], decode_responses=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def sensor():
    while True:
        queue.xadd('events', {'event': json.dumps({'camera': random.randint(1, 4), 'plate': random.choice(['ABC 123', 'XYZ 789'])})})
        time.sleep(0.5)


def worker():
    me = socket.gethostname()
    try:
        queue.xgroup_create('events', 'workers', id='0', mkstream=True)
    except redis.ResponseError:  # the other worker was first
        pass
    while True:
        for _, messages in queue.xreadgroup('workers', me, {'events': '>'}, count=10, block=5000):
            for number, fields in messages:
                try:
                    queue.hincrby('seen', json.loads(fields['event'])['plate'])
                    queue.hincrby('by', me)
                except (KeyError, ValueError) as error:
                    print('set aside:', error)
                    queue.xadd('dead', {**fields, 'error': str(error)})
                queue.xack('events', 'workers', number)


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({'seen': queue.hgetall('seen'), 'by worker': queue.hgetall('by'), 'set aside': queue.xlen('dead')}) + '\n'
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def api():
    ThreadingHTTPServer(('', 8000), Api).serve_forever()


def noise():
    print('sent', queue.xadd('events', {'event': 'no event'}))


globals()[sys.argv[1]]()
