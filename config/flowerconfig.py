"""How does Flower run? `python -m celery -A config.observe flower --conf=config/flowerconfig.py`.

User and password come from DUEPOST_FLOWER_USER and DUEPOST_FLOWER_PASSWORD. Flower refuses to start without them: left
open it shows every task to anybody.
"""

import os

LAST_PORT = 65_535

if not (os.environ.get("DUEPOST_FLOWER_USER") and os.environ.get("DUEPOST_FLOWER_PASSWORD")):
    raise SystemExit("DUEPOST_FLOWER_USER and DUEPOST_FLOWER_PASSWORD are not set: give Flower a user and a password")

PORT = os.environ.get("DUEPOST_FLOWER_PORT") or "5555"
if not (PORT.isdecimal() and 0 < int(PORT) <= LAST_PORT):
    raise SystemExit(f"DUEPOST_FLOWER_PORT is no port: give a number from 1 to {LAST_PORT}, see docs/settings.md")

address = os.environ.get("DUEPOST_FLOWER_ADDRESS", "127.0.0.1")
port = int(PORT)
basic_auth = [f"{os.environ['DUEPOST_FLOWER_USER']}:{os.environ['DUEPOST_FLOWER_PASSWORD']}"]
max_tasks = 20_000  # 5.5 kB each; the default, 100,000, takes 600 MB
read_only = True  # nobody shuts a worker down from a web page
enable_events = True
tasks_columns = "name,args,kwargs,state,result,received,runtime,worker"
