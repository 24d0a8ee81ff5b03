"""Asks this host's broker through Erlang's own distribution, as another broker would.

    rabbitmq_broker.py facts rabbit@HOST     prints its view of the cluster as JSON: running (hosts), partitions
    rabbitmq_broker.py queues rabbit@HOST    prints all quorum queues as JSON, see `QUEUES`; an audit sends this program
    rabbitmq_broker.py reload rabbit@HOST    has it read its certificate again for new connections

A bare Erlang machine takes 0.3 CPU seconds for it, rabbitmqctl twice that and more. erl_call speaks no TLS.
"""

import json
import os
import re
import subprocess
import sys

DISTRIBUTION = "/etc/rabbitmq/distribution.config"
# {queues: [{vhost, name, members (brokers), online (brokers whose member lives), leader (a broker, or "")}],
# alarms: [text], partitions (brokers from which another one was parted, and was not started anew since)}, a broker as
# rabbit@HOST. What a queue cannot say of itself is not there.
QUEUES = """
    Ask = fun(Module, Function, Arguments) -> rpc:call('{node}', Module, Function, Arguments, 15000) end,
    Wanted = [name, type, members, online, leader],
    Queues = [
        maps:merge(maps:with([members, online, leader], Queue), #{{vhost => Place, name => Name}})
        || Place <- Ask(rabbit_vhost, list_names, []),
           Queue = #{{name := {{resource, _, queue, Name}}, type := Type}} <-
               lists:map(fun maps:from_list/1, Ask(rabbit_amqqueue, info_all, [Place, Wanted])),
           lists:member(Type, [quorum, rabbit_quorum_queue])
    ],
    Alarms = [iolist_to_binary(io_lib:format("~0p", [Alarm])) || Alarm <- Ask(rabbit_alarm, get_alarms, [])],
    Each = Ask(erpc, multicall, [Ask(rabbit_nodes, list_running, []), rabbit_node_monitor, partitions, []]),
    Parted = lists:usort([Other || {{ok, Others}} <- Each, Other <- Others]),
    Said = #{{queues => Queues, alarms => Alarms, partitions => Parted}},
    io:format("~ts~n", [iolist_to_binary(json:encode(Said))])
"""


def evaluate(node: str, expression: str, timeout: float) -> str:
    """What an Erlang expression prints on a bare machine that is connected to the broker. Raises OSError."""
    # It is given its own name by the node that it connects to, and before that rpc:call connects to none.
    connect = f"net_kernel:connect_node('{node}')"
    done = subprocess.run(
        [
            *("erl", "-noinput", "-boot", "start_clean", "+S", "1:1", "-hidden", "-dist_listen", "false"),
            *("-sname", "undefined", "-proto_dist", "inet_tls", "-ssl_dist_optfile", DISTRIBUTION),
            *("-eval", f"{connect}, {expression}, halt(0)."),
        ],
        # The cookie is read from the home of the broker's user, never given as an argument.
        env={**os.environ, "HOME": "/var/lib/rabbitmq", "ERL_CRASH_DUMP_SECONDS": "0"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise OSError((done.stdout + done.stderr).strip()[-300:])
    return done.stdout


def ask(node: str, *functions: str) -> list[str]:
    """What each `module:function()` of the running broker returns, as Erlang text. Raises OSError."""
    calls = ", ".join("rpc:call('{}', {}, {}, [], 4000)".format(node, *each.split(":")) for each in functions)
    said = evaluate(node, f'[io:format("~0p~n", [Said]) || Said <- [{calls}]]', 10).strip().splitlines()
    if len(said) != len(functions) or any("badrpc" in line for line in said):
        raise OSError("\n".join(said)[-300:])
    return said


def facts(node: str) -> int:
    found: dict[str, object] = {"running": [], "partitions": []}
    try:
        running, partitions = ask(node, "rabbit_nodes:list_running", "rabbit_node_monitor:partitions")
        found["running"] = sorted(re.findall(r"rabbit@([\w.-]+)", running))
        found["partitions"] = re.findall(r"rabbit@([\w.-]+)", partitions)
    except (OSError, subprocess.SubprocessError) as error:
        found["error"] = str(error)[:200]
    print(json.dumps(found))
    return 0


def queues(node: str) -> int:
    try:
        print(evaluate(node, QUEUES.format(node=node), 25), end="")
    except (OSError, subprocess.SubprocessError) as error:
        sys.exit(str(error)[-300:])
    return 0


def reload(node: str) -> int:
    ask(node, "ssl:clear_pem_cache")
    return 0


if __name__ == "__main__":
    sys.exit({"facts": facts, "queues": queues, "reload": reload}[sys.argv[1]](sys.argv[2]))
