"""Export now to Git: asks the gitfabric exporter to read NetBox at once.

A NetBox custom script (Customization > Scripts). It sends the exporter's webhook receiver one
signed request, which carries no data of NetBox: the exporter reads NetBox itself, with its
own token. Nothing in NetBox is changed, nothing is read but one webhook's settings.

Where to, and with which secret, in this order:

1. the environment of NetBox's worker: GITFABRIC_HOOK_URL, and GITFABRIC_HOOK_SECRET or
   GITFABRIC_HOOK_SECRET_FILE; GITFABRIC_HOOK_CA_FILE if the URL's certificate needs it;
2. the webhook called "gitfabric" in NetBox, if the environment names no URL.

The secret is no variable of the script: NetBox would keep it with each job. The URL is none
either: whoever may run a script must not choose where NetBox connects to.
"""

import hashlib
import hmac
import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone

from extras.scripts import Script
from utilities.exceptions import AbortScript

# The webhook whose URL and secret are used if the environment names none.
WEBHOOK = "gitfabric"
# The exporter answers before it begins to read, so this is time for the network alone.
TIMEOUT = 10
# Of an answer, what is worth showing.
LONGEST_ANSWER = 500


class Target:
    """Where to ask, and how."""

    def __init__(self, url, secret, ca_file=None, verify=True):
        self.url = url
        self.secret = secret
        self.ca_file = ca_file
        self.verify = verify

    def context(self):
        """What the server has to show, for https."""
        if not self.verify:
            return ssl._create_unverified_context()
        return ssl.create_default_context(cafile=self.ca_file or None)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A signed request goes where it was meant to go, or nowhere."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


class ExportNow(Script):
    """Asks the exporter to look at NetBox now."""

    class Meta:
        name = "Export now to Git"
        description = "Asks gitfabric to read NetBox now and to commit what changed"
        commit_default = True
        scheduling_enabled = True
        job_timeout = 60

    def run(self, data, commit):
        # From an event rule `data` is the object that changed. The exporter is told nothing
        # of it: it looks at everything.
        target = self.target()
        if not commit:
            # NetBox takes back changes of its database; a request cannot be taken back
            self.log_info(f"Without \"Commit changes\" nothing is sent. It would be to {target.url}")
            return "not asked"
        status, answer = send(target, self.body())
        if status != 200:
            raise AbortScript(f"{target.url} answered {status}: {answer}")
        self.log_success(f"{target.url} answered: {answer}")
        self.log_info("The exporter now waits for a quiet moment, reads NetBox, and commits what changed.")
        return answer

    def target(self):
        """The exporter's receiver, from the environment or from NetBox's webhook."""
        url = os.environ.get("GITFABRIC_HOOK_URL")
        if url:
            target = Target(url, secret_of_environment(), os.environ.get("GITFABRIC_HOOK_CA_FILE"))
        else:
            target = target_of_webhook()
        scheme = urllib.parse.urlsplit(target.url).scheme
        if scheme not in ("http", "https") or "{" in target.url:
            raise AbortScript("The exporter's URL must begin with http:// or https:// and hold no template")
        if not target.secret:
            raise AbortScript("There is no secret to sign with: give the exporter and NetBox the same one")
        return target

    def body(self):
        """The same keys that a webhook of NetBox has. The time makes each request its own."""
        request = getattr(self, "request", None)
        user = getattr(getattr(request, "user", None), "username", None)
        identity = getattr(request, "id", None)
        return json.dumps({
            "event": "asked",
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "object_type": "extras.script",
            "username": user,
            "request_id": str(identity) if identity else None,
        }).encode()


def secret_of_environment():
    """The secret itself, or what its file holds, without the end of line that editors add."""
    path = os.environ.get("GITFABRIC_HOOK_SECRET_FILE")
    if not path:
        return os.environ.get("GITFABRIC_HOOK_SECRET", "")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise AbortScript(f"The secret's file {path} cannot be read: {type(error).__name__}") from None


def target_of_webhook():
    """URL, secret and TLS settings of the webhook that the event rule uses as well."""
    from extras.models import Webhook

    webhook = Webhook.objects.filter(name=WEBHOOK).first()
    if webhook is None:
        raise AbortScript(
            f'There is no webhook called "{WEBHOOK}", and GITFABRIC_HOOK_URL is not set in the environment '
            "of NetBox's worker: one of them must say where the exporter listens"
        )
    return Target(webhook.payload_url, webhook.secret, webhook.ca_file_path, webhook.ssl_verification)


def send(target, body):
    """Signs and posts. Returns the status and the answer's text, whatever the status."""
    signature = hmac.new(target.secret.encode(), body, hashlib.sha512).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hook-Signature": signature}
    request = urllib.request.Request(target.url, data=body, headers=headers, method="POST")
    try:
        https = urllib.request.HTTPSHandler(context=target.context())
        with urllib.request.build_opener(NoRedirect, https).open(request, timeout=TIMEOUT) as answer:
            return answer.status, text(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, text(error)
    except OSError as error:
        # URLError is one of them, and holds the cause; so are time-outs and unusable CA files
        raise AbortScript(f"{target.url} cannot be reached: {getattr(error, 'reason', error)}") from None


def text(answer):
    """The beginning of an answer, on one line."""
    return " ".join(answer.read(LONGEST_ANSWER).decode("utf-8", "replace").split())
