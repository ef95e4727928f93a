import time

import redis

store = redis.Redis(host='redis')
while True:
    store.set('latest', time.strftime('%H:%M:%S'))
    print('wrote', store.get('latest').decode())
    time.sleep(1)
