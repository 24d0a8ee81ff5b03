"""One message through a quorum queue of this host's broker: published with confirmation, fetched, acknowledged.

    rabbitmq_check.py /etc/fournines/rabbitmq-check.json

And it must be one cluster: a broker that could not join when it first started goes on alone, and serves.
"""

import json
import re
import sys
import uuid

import pika.exceptions

from fournines.services.onhost.rabbitmq_connect import connect

with open(sys.argv[1], encoding="utf-8") as file:
    config = json.load(file)
folder = f"/var/lib/rabbitmq/mnesia/rabbit@{config['name']}"
try:
    with open(f"{folder}/cluster_nodes.config", encoding="utf-8") as file:
        joined = set(re.findall(r"rabbit@([\w.-]+)", file.read()))
except OSError as error:
    sys.exit(f"it does not know its cluster: {error}")
if lacking := sorted(set(config["members"]) - joined):
    sys.exit(
        f"its cluster is without {', '.join(lacking)}; where it is alone: "
        "rabbitmqctl stop_app && rabbitmqctl force_reset && rabbitmqctl start_app"
    )
try:
    connection = connect(config, 5)
    channel = connection.channel()
    channel.confirm_delivery()
    queue = "fournines.check." + config["host"]
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum", "x-max-length": 10})
    body = uuid.uuid4().bytes
    channel.basic_publish("", queue, body, mandatory=True)
    for method, _, seen in channel.consume(queue, inactivity_timeout=4):
        if method is None:
            sys.exit("a confirmed message did not come back within 4 s")
        channel.basic_ack(method.delivery_tag)
        if seen == body:
            break
    connection.close()
except (pika.exceptions.AMQPError, OSError) as error:
    sys.exit(f"{type(error).__name__}: {error}"[:300])
print("confirmed and returned")
