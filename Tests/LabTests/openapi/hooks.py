"""What schemathesis cannot know of the API: which ids there are, and which rules no schema can tell.

Runs inside of schemathesis. Requests about something get the id of something that is there, and new things a name that
nobody has, so that requests come further than to a 404 or 409. What the run needs is put back when it was deleted. Both
go on behind the run's back, by requests that count as no cases.
"""

from __future__ import annotations

import atexit
import http.client
import json
import os
import re
import threading
import zlib
from collections import Counter
from urllib.parse import urlsplit

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import RejectedPositiveData

REGION = "/v1/regions/local"
GROUND = json.loads(os.environ["SHOAL_GROUND"])
"""The document that is there at the start. Its first load balancer is the one that requests are about."""

RULES = re.compile("|".join([
    # Of two resources.
    r"is already taken by", r"there is no .* named", r"is of another load balancer", r"is in VPC",
    r"leads to target .* too", r"cannot lead to a service", r"is the VIP of load balancer", r"has the address .*, not",
    r"mode nat keeps the family", r"is of type ip and takes addresses only", r"is used by .* and cannot be deleted",
    r"is protected from deletion", r"\d+ .*, and at most \d+ are allowed", r"each have a service",
    r"one change for each target",
    # Of a resource and what it was before.
    r"never changes",
    # Of two fields, each of which may be so.
    r"Icmp is for UDP services only", r"a target group or an availability group, not both",
    r"goes with adminState draining only", r"drainUntil tells the deadline already",
    # Of a day that its month does not have.
    r"is not a time in UTC",
    # Of an address, by what it is used for in some spelling, or here.
    r"is not usable as", r"is an address of this host", r"there is no block to take a VIP from",
    # What is always refused, and described so.
    r"this version has no elastic IPs", r"members of an availability group have equal weight and the service's port",
    # Of YAML: a text with both * and & could be one that blows up.
    r"aliases \(\*name\) are not read",
]))


# Answers.

statuses: Counter[int] = Counter()


@schemathesis.hook
def after_call(_context, case, response):
    with ground.lock:
        statuses[response.status_code] += 1
        if response.status_code < 300 and case.method != "GET":
            ground.is_stale = True


@atexit.register
def write_statuses():
    with open(os.environ["SHOAL_STATUSES"], "w") as file:
        json.dump(statuses, file)


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """Lets a request of the right form be refused for a rule, and for nothing else: each detail must be about one."""
    if isinstance(failure, AcceptedNegativeData) and "/properties/agIds/items" in failure.message:
        # Ids that agInfoSpec stands in for are nobody's.
        return not isinstance(case.body, dict) or case.body.get("agInfoSpec") is None
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    details = response.json()["error"].get("details", [])
    return not details or not all(RULES.search(detail["message"]) for detail in details)


# What is there.


class Ground:
    """What is there, as far as requests need to know."""

    CALLS_UNTIL_LOOK = 100
    BELOW_MAX = 40
    """Of each kind below the first load balancer, in the long run; 50 are allowed."""

    def __init__(self):
        self.lock = threading.RLock()
        self.is_stale = True
        self.calls = 0
        self._picks = 0
        self._connection = None
        self._ids: dict[str, list[str]] = {}
        self._targets: dict[str, list[str]] = {}
        self._credentials: dict[str, list[str]] = {}

    def use(self, base_url: str, is_chain: bool) -> None:
        """Called before each case: looks again when something has changed, and now and then."""
        self.calls += 1
        if self._connection is None:
            self._connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
        if not self.is_stale and self.calls % self.CALLS_UNTIL_LOOK:
            return
        self.is_stale = False
        self._look()
        if not all(self._ids.values()):
            self._ask("POST", f"{REGION}:apply", GROUND)
            self._look()
        if is_chain:
            self._make_room()

    def pick(self, kind: str, is_chain: bool, group: str | None = None) -> str | None:
        """Another id each time, in a chain always that of the ground; of a target, one of the group's."""
        everything = {**self._ids, **self._credentials, "targetId": self._targets.get(group)}
        ids = everything.get(kind)
        self._picks += 1
        return ids[0 if is_chain else self._picks % len(ids)] if ids else None

    COLLECTIONS = {"listenerId": "listeners", "backendId": "backends", "targetGroupId": "targetGroups"}
    """What is below a load balancer, what uses others first."""

    def _look(self) -> None:
        first = GROUND["loadBalancers"][0]["name"]
        own = self._list("loadBalancers", "loadBalancerId", loadBalancerNames=first)
        others = [one for one in self._list("loadBalancers", "loadBalancerId") if one not in own]
        self._ids = {"loadBalancerId": own, "other loadBalancerId": others}
        for name, collection in self.COLLECTIONS.items():
            self._ids[name] = self._list(collection, name, loadBalancerNames=first)
        self._ids["agId"] = self._list("availabilityGroups", "id")
        self._ids["instanceId"] = self._list("instances", "instanceId")
        self._targets = {
            group: self._list(f"targetGroups/{group}:describeTargets", "targetId", key="targets", slash="")
            for group in self._ids["targetGroupId"]}
        self._ids["filled targetGroupId"] = [group for group, targets in self._targets.items() if targets]
        tokens = self._list("tokens", "tokenId", at="/v1", slash="")
        self._credentials = {
            "accessKey": self._list("keys", "accessKey", at="/v1", slash=""),
            "tokenId": [token for token in tokens if token != os.environ["SHOAL_TOKEN_ID"]]}

    def _make_room(self) -> None:
        """Deletes the oldest of what chains have made, which none of them asks for any more."""
        for name, collection in [*self.COLLECTIONS.items(), ("other loadBalancerId", "loadBalancers")]:
            ids = self._ids[name]
            for one in ids[len(GROUND["loadBalancers"][0].get(collection, [])):] if len(ids) > self.BELOW_MAX else []:
                if one in ids[-15:]:
                    break
                if collection == "loadBalancers":
                    self._ask("PATCH", f"{REGION}/{collection}/{one}", {"deleteProtection": False})
                self._ask("DELETE", f"{REGION}/{collection}/{one}")
                self.is_stale = True

    def _list(
        self, collection: str, name: str, key: str | None = None, slash: str = "/", at: str = REGION, **filters,
    ) -> list[str]:
        query = "&".join(f"filters.{number}.name={field}&filters.{number}.values.1={value}"
                         for number, (field, value) in enumerate(filters.items(), 1))
        result = self._ask("GET", f"{at}/{collection}{slash}?pageSize=100&{query}".rstrip("&")).get("result", {})
        return [element[name] for element in result.get(key or collection, [])]

    def _ask(self, method: str, target: str, body: dict | None = None) -> dict:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['SHOAL_TOKEN']}"}
        for is_last in (False, True):
            try:
                self._connection.request(method, target, json.dumps(body) if body else None, headers)
                return json.loads(self._connection.getresponse().read())
            except (ConnectionError, http.client.HTTPException):
                # The daemon ends connections that have been idle.
                self._connection.close()
                if is_last:
                    raise


ground = Ground()


# Requests.

MADE_UP = re.compile(r"(lb|listener|backend|tg|target|ag)-[0-9a-f]{10}")
NAME = re.compile(r"[\w-]{1,32}")
IDS_IN_BODIES = {
    "loadBalancerId": "loadBalancerId", "backendId": "backendId", "targetGroupIds": "targetGroupId", "agIds": "agId",
    "agId": "agId", "targetId": "targetId", "targetIds": "targetId", "instanceIds": "instanceId",
    "instances": "instanceId", "instance": "instanceId", "instanceId": "instanceId",
}
NEW_NAMES = ("loadBalancerName", "listenerName", "backendName", "targetGroupName", "name", "instanceId")
NUMBERS = ("createdTime", "port", "weight")
"""The fields that lists compare as numbers."""


@schemathesis.hook
def before_call(_context, case, _kwargs):
    # Of chains schemathesis expects that the same requests get the same answers another time.
    is_chain = case.meta.phase.name == TestPhase.STATEFUL
    with ground.lock:
        ground.use(case.operation.base_url, is_chain)
        # In a chain the ids in paths are those that the requests before were answered.
        if not is_chain and is_positive(case, ParameterLocation.PATH):
            for name, value in (case.path_parameters or {}).items():
                case.path_parameters[name] = ground.pick(kind_in_path(name, case), is_chain) or value
        if isinstance(case.body, dict) and operation(case) != "createInstance":
            case.body = with_ids(case.body, is_chain, (case.path_parameters or {}).get("targetGroupId"))
        if isinstance(case.body, dict):
            if is_chain or operation(case).startswith("create") and ground.calls % 2:
                case.body.update({name: value for name, value in fresh(case).items() if name in case.body})
        if case.meta.generation.mode.is_positive:
            if case.query and is_positive(case, ParameterLocation.QUERY):
                complete(case.query)
            choose_version(case, is_chain)
        if operation(case) == "watchEvents":
            # Who asks for what was before the daemon started is answered with an event at once.
            case.headers = {"Last-Event-ID": "0-0", **(case.headers or {})}


def is_positive(case, location: ParameterLocation) -> bool:
    """Whether this part of the request is as described; of an example, all parts are."""
    return (case.meta.components.get(location) or case.meta.generation).mode.is_positive


def operation(case) -> str:
    return case.operation.definition.raw["operationId"]


def kind_in_path(name: str, case) -> str:
    match name, operation(case):
        # The load balancer that the rest stands on keeps its name and its VIP.
        case "loadBalancerId", "updateLoadBalancer" | "deleteLoadBalancer":
            return f"other {name}"
        case "targetGroupId", "updateTargets" | "deRegisterTargets":
            return f"filled {name}"
        case _:
            return name


def with_ids(value, is_chain: bool, group: str | None, kind: str | None = None):
    """The value with ids that are there in place of those that are made up. What is wrong on purpose stays."""
    match value:
        case dict():
            return {name: with_ids(entry, is_chain, group, IDS_IN_BODIES.get(name)) for name, entry in value.items()}
        case list():
            return [with_ids(entry, is_chain, group, kind) for entry in value]
        case str() if kind and (NAME if kind == "instanceId" else MADE_UP).fullmatch(value):
            return ground.pick(kind, is_chain, group) or value
        case _:
            return value


def fresh(case) -> dict[str, object]:
    """Values that nobody has, for those of the body that must be unique, unless they are wrong on purpose."""
    if not is_positive(case, ParameterLocation.BODY):
        return {}
    address = f"198.18.{ground.calls >> 8 & 255}.{ground.calls & 255}"
    port = {"port": 1024 + ground.calls % 60_000} if operation(case) == "createListener" else {}
    return {"privateIpAddress": address, **port, **dict.fromkeys(NEW_NAMES, f"n{ground.calls}")}


def complete(query: dict) -> None:
    """Gives a filter or an order what it needs besides: parameters of a description know nothing of each other."""
    if any(name.startswith("filters.1.") for name in query):
        name = query.setdefault("filters.1.name", "createdTime")
        is_number = name in NUMBERS
        query["filters.1.values.1"] = "1" if is_number else query.get("filters.1.values.1", "web")
        if is_number and query.get("filters.1.operator") not in ("eq", "ne", "in", "like", None):
            query.pop("filters.1.values.2", None)
        elif is_number and "filters.1.values.2" in query:
            query["filters.1.values.2"] = "2"
        if not is_number and query.get("filters.1.operator") in ("lt", "le", "gt", "ge"):
            query["filters.1.operator"] = "like"
    if "prune" in query and ground.calls % 4:
        # What others have protected or use would forbid nearly all of them.
        query["prune"] = "false"
    if "sorts.1.direction" in query:
        query.setdefault("sorts.1.name", "createdTime")


def choose_version(case, is_chain: bool) -> None:
    """A version that is made up is hardly ever right: two of three requests are for any.

    An empty one is what schemathesis sends where it can't make a right one up.
    """
    version = (case.headers or {}).get("If-Match")
    number = zlib.crc32(repr(case.body).encode()) if is_chain else ground.calls
    if version == "" or version is not None and number % 3:
        del case.headers["If-Match"]
