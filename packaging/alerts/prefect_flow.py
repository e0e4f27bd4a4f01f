"""A Prefect flow for gitfabric's webhook, and the receiver that runs it.

    prefect server start
    python prefect_flow.py serve        # the flow, as the deployment handle-drift/gitfabric
    GITFABRIC_SIGN=... python prefect_flow.py listen 127.0.0.1 8899

The receiver's address for gitfabric is http://127.0.0.1:8899/; put a proxy with TLS before it if
they are on two machines. GITFABRIC_SIGN is what `sign` of the receiver names.
"""

import collections
import hashlib
import hmac
import http.server
import json
import os
import subprocess
import sys
import time

LARGEST = 4 << 20
REMEMBERED = 10_000


def is_ours(secret: bytes, header: str, body: bytes) -> bool:
    """Whether gitfabric signed this within the last five minutes."""
    try:
        t, v1 = (part.split("=", 1)[1] for part in header.split(","))
        age = abs(time.time() - int(t))
    except (ValueError, IndexError):
        return False
    expected = hmac.new(secret, t.encode() + b"." + body, hashlib.sha256).hexdigest()
    return age <= 300 and hmac.compare_digest(expected, v1)


def listen(host: str, port: int) -> None:
    """Takes deliveries, and runs the deployment for each that is new."""
    from prefect.deployments import run_deployment

    secret = os.environ["GITFABRIC_SIGN"].encode()
    heard = collections.OrderedDict()

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length) if 0 < length <= LARGEST else b""
            if not is_ours(secret, self.headers.get("x-gitfabric-signature", ""), body):
                return self.answer(401)
            event = json.loads(body)
            if event["id"] not in heard and event["kind"] == "drift-found":
                # the four fields are what flows for the fabric-orchestrator take
                run_deployment(
                    name="handle-drift/gitfabric",
                    parameters={
                        "device": event["device"],
                        "path": event["path"],
                        "current_value": event["current_value"],
                        "timestamp": event["timestamp"],
                    },
                    idempotency_key=event["id"],
                    timeout=0,
                )
            heard[event["id"]] = True
            while len(heard) > REMEMBERED:
                heard.popitem(last=False)
            self.answer(202)

        def answer(self, status):
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    http.server.HTTPServer((host, port), Handler).serve_forever()


def serve() -> None:
    """Serves the flow as a deployment."""
    from prefect import flow, get_run_logger

    @flow(name="handle-drift")
    def handle_drift(device: str, path: str | None, current_value: str | None, timestamp: str) -> str:
        logger = get_run_logger()
        logger.warning("%s: %s is %r since %s", device, path, current_value, timestamp)
        # what differs now, with the line of YAML and the commit that asked for it; only where the
        # agent runs, as its user or root: elsewhere take the leaves of the event
        drift = subprocess.run(["gitfabric", "drift"], capture_output=True, text=True, check=False)
        logger.info(drift.stdout or drift.stderr)
        return drift.stdout

    handle_drift.serve(name="gitfabric")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["listen", host, port]:
            listen(host, int(port))
        case _:
            sys.exit(__doc__)
