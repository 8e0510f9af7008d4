"""Makes calls through the unmodified Python SDK: one JSON document a line in, one a line out.

    {"operation": "CreateBackend", "arguments": {"regionId": "local", …,
     "healthCheckSpec": {"model": "HealthCheckSpec", "fields": {"protocol": "Tcp"}}}}
    {"requestId": "…", "result": {"backendId": "…"}, "error": null}

Runs with the interpreter of the SDK's own environment, in the network namespace in which the API is.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import sys
import time

from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.const import SCHEME_HTTP
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.logger import ERROR, Logger
from jdcloud_sdk.services.lb.client.LbClient import LbClient

SECONDS = 30


class QuietLogger(Logger):
    """The SDK's own prints to where our answers go."""

    def log(self, level, message):
        if level <= ERROR:
            print(message, file=sys.stderr, flush=True)


def built(value):
    """The value with the SDK's own objects where it names models."""
    if isinstance(value, list):
        return [built(each) for each in value]
    if not (isinstance(value, dict) and set(value) == {"model", "fields"}):
        return value
    home = "common" if value["model"] in ("Filter", "Sort", "TagFilter") else "lb"
    module = importlib.import_module(f"jdcloud_sdk.services.{home}.models.{value['model']}")
    return getattr(module, value["model"])(**{name: built(each) for name, each in value["fields"].items()})


def request_of(operation: str, arguments: dict):
    """The request as the SDK's documentation has it: required arguments to the constructor, the others by setters."""
    module = importlib.import_module(f"jdcloud_sdk.services.lb.apis.{operation}Request")
    make = getattr(module, f"{operation}Parameters")
    required = [name for name in inspect.signature(make.__init__).parameters if name != "self"]
    parameters = make(**{name: built(arguments[name]) for name in required})
    for name, value in arguments.items():
        if name not in required:
            getattr(parameters, f"set{name[0].upper()}{name[1:]}")(built(value))
    return getattr(module, f"{operation}Request")(parameters)


class Caller:
    def __init__(self, endpoint: str, access_key: str, secret_key: str):
        config = Config(endpoint, SCHEME_HTTP, SECONDS)
        self._client = LbClient(Credential(access_key, secret_key), config, QuietLogger(ERROR))
        self._second = 0
        self._changes: set[str] = set()

    def call(self, line: str) -> dict:
        order = json.loads(line)
        if not order["operation"].startswith("Describe"):
            self._let_signatures_differ(line)
        answer = self._client.send(request_of(order["operation"], order["arguments"]))
        error = answer.error and {name: getattr(answer.error, name) for name in ("code", "status", "message")}
        return {"requestId": answer.request_id, "result": answer.result, "error": error}

    def _let_signatures_differ(self, change: str) -> None:
        """The SDK signs its requests to the second and leaves its nonce out, so of two equal changes within a second
        the daemon takes the second one for a replay of the first."""
        if int(time.time()) == self._second and change in self._changes:
            time.sleep(self._second + 1 - time.time())
        if int(time.time()) != self._second:
            self._second, self._changes = int(time.time()), set()
        self._changes.add(change)


def main() -> None:
    parser = argparse.ArgumentParser(prog="shoal_lab.sdk_child", description=__doc__.splitlines()[0])
    for name in ("endpoint", "access-key", "secret-key"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    caller = Caller(options.endpoint, options.access_key, options.secret_key)
    for line in sys.stdin:
        try:
            answer = caller.call(line)
        except Exception as error:  # Whatever the SDK makes of an answer that it does not understand.
            answer = {"exception": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
