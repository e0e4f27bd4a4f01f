"""Drives a simulated device with pygnmi, unmodified: the four RPCs over TLS.

Usage: pygnmi_check.py STATE-DIR DEVICE
"""

import json
import logging
import sys
import threading

import grpc
from pygnmi.client import gNMIclient

from peer import Checks, Peer, same

DESCRIPTION = "/interfaces/interface[name=Ethernet1]/config/description"
logging.disable(logging.CRITICAL)
# pygnmi's reader of a subscription ends with an exception when its connection is closed
threading.excepthook = lambda _: None


def client(peer, **changes):
    login = {"username": peer.username, "password": peer.password}
    return gNMIclient(
        target=peer.address, path_cert=peer.authority, gnmi_timeout=10, **{**login, **changes}
    )


def value(answer):
    updates = [update for notification in answer["notification"] for update in notification["update"]]
    same(len(updates), 1)
    return updates[0]["val"]


def text(value):
    """A string as a leaf's value: pygnmi sends strings as they are, so quoted here."""
    return json.dumps(value)


def status_of(call):
    """The status that a call is refused with, wherever pygnmi put it."""
    try:
        call()
    except Exception as error:
        cause = getattr(error, "orig_exc", None) or error.__cause__ or error
        if isinstance(cause, grpc.RpcError):
            return cause.code().name
        raise
    return "OK"


def main():
    peer = Peer(sys.argv[1], sys.argv[2])
    checks = Checks()

    def capabilities():
        with client(peer) as gnmi:
            answer = gnmi.capabilities()
        same(answer["supported_encodings"], ["json", "json_ietf", "ascii"])
        models = {model["name"] for model in answer["supported_models"]}
        assert "openconfig-interfaces" in models, models

    def set_and_get():
        with client(peer) as gnmi:
            answer = gnmi.set(update=[(DESCRIPTION, text("from pygnmi"))], encoding="json_ietf")
            same([result["op"] for result in answer["response"]], ["UPDATE"])
            for path in (DESCRIPTION, "openconfig:" + DESCRIPTION[1:]):
                for encoding in ("json", "json_ietf"):
                    seen = value(gnmi.get(path=[path], datatype="config", encoding=encoding))
                    same(seen, "from pygnmi")
            mirrored = DESCRIPTION.replace("/config/", "/state/")
            same(value(gnmi.get(path=[mirrored], datatype="state")), "from pygnmi")

    def order():
        with client(peer) as gnmi:
            container = DESCRIPTION.rsplit("/", 1)[0]
            entry = {"name": "Ethernet1", "type": "iana-if-type:ethernetCsmacd"}
            answer = gnmi.set(
                update=[(container, {"description": "last"})],
                replace=[(container, {**entry, "description": "second"})],
                delete=[DESCRIPTION],
                encoding="json_ietf",
            )
            same([result["op"] for result in answer["response"]], ["DELETE", "REPLACE", "UPDATE"])
            same(value(gnmi.get(path=[DESCRIPTION], encoding="json_ietf")), "last")

    def refused():
        with client(peer) as gnmi:
            before = value(gnmi.get(path=[DESCRIPTION]))
            bad = [(DESCRIPTION, text("never")), ("/interfaces/interface[name=Ethernet1]/config/mtu", text("jumbo"))]
            same(status_of(lambda: gnmi.set(update=bad, encoding="json_ietf")), "INVALID_ARGUMENT")
            same(value(gnmi.get(path=[DESCRIPTION])), before)

    def keys():
        for name in ("Ethernet5/1", "x[y"):
            entry = f"/interfaces/interface[name={name}]"
            config = {"name": name, "type": "iana-if-type:ethernetCsmacd", "description": name}
            with client(peer) as gnmi:
                gnmi.set(update=[(f"{entry}/config", config)], encoding="json_ietf")
                same(value(gnmi.get(path=[f"{entry}/config/description"])), name)
                gnmi.set(delete=[entry])
                same(status_of(lambda: gnmi.get(path=[f"{entry}/config"])), "NOT_FOUND")

    def subscribe_once():
        request = {"subscription": [{"path": DESCRIPTION}], "mode": "once", "encoding": "json_ietf"}
        with client(peer) as gnmi:
            messages = list(gnmi.subscribe2(subscribe=request))
        same("sync_response" in messages[-1], True)
        leaves = [leaf["val"] for message in messages for leaf in message.get("update", {}).get("update", [])]
        assert "last" in leaves, messages

    def subscribe_poll():
        request = {"subscription": [{"path": DESCRIPTION}], "mode": "poll", "encoding": "json_ietf"}
        with client(peer) as gnmi:
            polled = gnmi.subscribe2(subscribe=request)
            for _ in range(2):
                message = polled.get_update(timeout=10)
                same([leaf["val"] for leaf in message["update"]["update"] if leaf["path"].endswith("description")], ["last"])
            polled.close()

    def subscribe_stream():
        request = {
            "subscription": [{"path": DESCRIPTION, "mode": "on_change"}],
            "mode": "stream",
            "encoding": "json_ietf",
        }
        with client(peer) as watcher, client(peer) as gnmi:
            stream = watcher.subscribe2(subscribe=request)
            stream.get_update(timeout=10)
            gnmi.set(update=[(DESCRIPTION, text("streamed"))], encoding="json_ietf")
            seen = [leaf["val"] for leaf in stream.get_update(timeout=10)["update"]["update"]]
            assert "streamed" in seen, seen
            gnmi.set(delete=[DESCRIPTION])
            assert "delete" in stream.get_update(timeout=10)["update"], "a delete is told"
            stream.close()

    def wrong_password():
        same(status_of(lambda: client(peer, password="guess").connect()), "UNAUTHENTICATED")

    checks.check("Capabilities over TLS, verified with the simulator's authority", capabilities)
    checks.check("Set and Get, both JSON encodings, with origin and without", set_and_get)
    checks.check("one Set: delete, then replace, then update", order)
    checks.check("a refused Set changes nothing", refused)
    checks.check("keys that hold / and [", keys)
    checks.check("Subscribe ONCE", subscribe_once)
    checks.check("Subscribe POLL", subscribe_poll)
    checks.check("Subscribe STREAM, ON_CHANGE, with a delete", subscribe_stream)
    checks.check("a wrong password is refused", wrong_password)
    checks.finish()


if __name__ == "__main__":
    main()
