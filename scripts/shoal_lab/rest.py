"""The REST API as a program speaks it: a request, and what was answered. Nothing is tried again."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from .errors import LabError

ID_FIELDS = {
    "loadBalancers": "loadBalancerId", "listeners": "listenerId", "backends": "backendId",
    "targetGroups": "targetGroupId", "availabilityGroups": "agId", "instances": "instanceId",
}
"""What the id of a new resource is called in the answer, by collection."""

SECONDS = 30.0
"""How long an answer may take: the daemon answers a change when the kernel holds it, on a machine that may be busy."""


class Refused(LabError):
    """The daemon refused a request that a test relied on."""


@dataclass(frozen=True)
class Reply:
    """One answer."""

    request: str
    status: int
    headers: Mapping[str, str]
    """By small letters."""
    text: str

    @property
    def document(self) -> dict:
        try:
            return json.loads(self.text)
        except ValueError:
            raise LabError(f"{self.request} was answered with no JSON: {self.status} {self.text[:400]!r}") from None

    @property
    def result(self) -> Any:
        """What was asked for. Raises Refused when it was not granted."""
        if self.status != 200:
            raise Refused(f"{self.request} was answered with {self.status}: {self.text[:1000]}")
        return self.document["result"]

    @property
    def error(self) -> dict:
        return self.document["error"]

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with each field, by its path."""
        return {detail["path"]: detail["message"] for detail in self.error.get("details") or []}

    @property
    def version(self) -> str | None:
        """The ETag, to be sent back as If-Match."""
        return self.headers.get("etag")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path):
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class RestClient:
    """Sends requests, each over a connection of its own. May be shared by threads."""

    def __init__(self, connect: Callable[[], http.client.HTTPConnection], region: str = "local"):
        self._connect = connect
        self.region = region

    @classmethod
    def over_socket(cls, path: Path) -> "RestClient":
        return cls(lambda: _UnixConnection(path))

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Reply:
        """One request. A body that is text or bytes is sent as it is, anything else as JSON."""
        target = path + ("?" + urlencode(query, quote_via=quote) if query else "")
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        data = data.encode() if isinstance(data, str) else data
        fields = {"Content-Type": "application/json", **(headers or {})}
        connection = self._connect()
        try:
            connection.request(method, target, data, fields)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise LabError(f"{method} {target}: {type(error).__name__} {error}") from error
        finally:
            connection.close()
        return Reply(f"{method} {target}", answer.status, {key.lower(): value for key, value in answer.getheaders()},
                     text)

    def ask(self, method: str, path: str, body: Any = None, **more) -> Reply:
        """One request about something of the region: `backends/`, `targetGroups/ID:registerTargets`, `:export`."""
        separator = "" if path.startswith(":") else "/"
        return self.send(method, f"/v1/regions/{self.region}{separator}{path}", body, **more)

    # What most tests need, all of it to be granted.

    def create(self, collection: str, body: dict) -> str:
        """Makes a resource; its id."""
        return self.ask("POST", f"{collection}/", body).result[ID_FIELDS[collection]]

    def read(self, collection: str, id: str) -> dict:
        (resource,) = self.ask("GET", f"{collection}/{id}").result.values()
        return resource

    def update(self, collection: str, id: str, body: dict) -> dict:
        return self.ask("PATCH", f"{collection}/{id}", body).result

    def delete(self, collection: str, id: str) -> dict:
        return self.ask("DELETE", f"{collection}/{id}").result

    def all(self, path: str, filters: Mapping[str, Any] | None = None) -> list[dict]:
        """All of a list: `backends/`, `targetGroups/ID:describeTargets`."""
        query = {"pageSize": 100}
        for number, (name, values) in enumerate((filters or {}).items(), 1):
            query[f"filters.{number}.name"] = name
            for position, value in enumerate([values] if isinstance(values, (str, int)) else values, 1):
                query[f"filters.{number}.values.{position}"] = value
        found: list[dict] = []
        for page in range(1, 1_000):
            result = self.ask("GET", path, query={**query, "pageNumber": page}).result
            found += next(value for value in result.values() if isinstance(value, list))
            if len(found) >= result["totalCount"]:
                return found
        raise LabError(f"{path} has no end")

    def ids(self, collection: str, name_field: str, **filters) -> dict[str, str]:
        """The id of each resource of a collection, by name."""
        id_field = "id" if collection == "availabilityGroups" else ID_FIELDS[collection]
        return {each[name_field]: each[id_field] for each in self.all(f"{collection}/", filters)}

    def health(self, service: str) -> dict[str, str]:
        """The health of each target of a service, by its address."""
        return {each["ipAddress"]: each["status"] for each in self.all(f"backends/{service}/health")}

    # All that may not change when a request is refused.

    def export(self) -> dict:
        """The document of all resources."""
        return self.ask("GET", ":export").document

    def status(self) -> dict:
        return self.send("GET", "/v1/status").result
