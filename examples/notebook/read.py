"""Run it in a notebook's cell with %run read.py, or: tutti exec jupyter python3 read.py"""
import redis

print('the producer wrote', redis.Redis(host='redis').get('latest').decode())
