"""The API of the example city: places near a point, counted in Redis, kept in PostGIS."""
import json, os, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
import redis

password = open('/run/secrets/db_password').read().strip()
cache = redis.Redis(host=os.environ['CACHE_HOST'])


def query(sql, *args):
    with psycopg2.connect(host=os.environ['DATABASE_HOST'], dbname='city', user='postgres', password=password) as db:
        with db.cursor() as cursor:
            cursor.execute(sql, args)
            return cursor.fetchall() if cursor.description else []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        values = dict(urllib.parse.parse_qsl(url.query))
        if url.path == '/health':
            return self.answer({'ok': query('SELECT 1')[0][0] == 1})
        if url.path == '/metrics':
            return self.answer(f'city_requests_total {int(cache.get("requests") or 0)}\n', 'text/plain; version=0.0.4')
        if url.path == '/places':
            visits = cache.incr('requests')
            rows = query('SELECT name, round(ST_DistanceSphere(at, ST_MakePoint(%s, %s))) AS metres FROM places ORDER BY metres',
                         float(values.get('lon', 9.99)), float(values.get('lat', 53.55)))
            return self.answer({'visits': visits, 'places': [{'name': n, 'metres': int(m)} for n, m in rows]})
        self.answer({'places': '/places?lon=9.99&lat=53.55', 'health': '/health', 'metrics': '/metrics'})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get('Content-Length', 0))))
        query('INSERT INTO places (name, at) VALUES (%s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))', body['name'], body['lon'], body['lat'])
        self.answer({'added': body['name']})

    def answer(self, value, kind='application/json'):
        text = (value if isinstance(value, str) else json.dumps(value) + '\n').encode()
        self.send_response(200)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, form, *args):
        print(form % args, flush=True)


print('listening on 8000', flush=True)
ThreadingHTTPServer(('', 8000), Handler).serve_forever()
