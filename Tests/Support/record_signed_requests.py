"""Records how the public Python SDK signs requests, as the fixtures of the authentication tests.

The SDK runs unmodified against a server on 127.0.0.1 that writes down what arrives and answers with an empty result.
Two of its releases sign differently, so each has an environment of its own:

    python3 -m venv jdcloud3 && jdcloud3/bin/pip install jdcloud_sdk==1.6.354
    python3 -m venv jdcloud2 && jdcloud2/bin/pip install jdcloud_sdk==1.6.42
    jdcloud3/bin/python Tests/Support/record_signed_requests.py Tests/AuthenticationTests/Fixtures/jdcloud3.json
    jdcloud2/bin/python Tests/Support/record_signed_requests.py Tests/AuthenticationTests/Fixtures/jdcloud2.json

Dates, nonces and the port are new in every recording, and so are the signatures. The key is good for nothing else.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from jdcloud_sdk.core.config import Config
from jdcloud_sdk.core.const import SCHEME_HTTP
from jdcloud_sdk.core.credential import Credential
from jdcloud_sdk.core.jdcloudclient import JDCloudClient
from jdcloud_sdk.core.jdcloudrequest import JDCloudRequest
from jdcloud_sdk.core.logger import ERROR, Logger

ACCESS_KEY, SECRET_KEY = "AKTEST", "SKTEST"
REGION = "/regions/{regionId}"
REQUEST_LIMIT = 100


class Recorder(BaseHTTPRequestHandler):
    """Writes down each request as it arrived."""

    protocol_version = "HTTP/1.1"
    records: list[dict] = []

    def record(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.records.append(
            {"method": self.command, "path": path, "query": query, "headers": self.headers.items(), "body": body}
        )
        answer = json.dumps({"requestId": str(len(self.records)), "result": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("x-jdcloud-request-id", str(len(self.records)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = record

    def log_message(self, *_: object) -> None:
        pass


def filters(**values: list[str]) -> list[dict]:
    return [{"name": name, "values": value} for name, value in values.items()]


def requests() -> list[tuple[str, str, str, dict, dict | None]]:
    """Service, method, path, parameters, headers: one of each kind that a client sends."""
    backend = {
        "regionId": "local", "backendName": "后端-1", "loadBalancerId": "lb-1", "protocol": "Tcp", "port": 8080,
        "healthCheckSpec": {"protocol": "Tcp", "intervalSeconds": 5, "port": None}, "algorithm": "QuintupleHash",
        "targetGroupIds": ["tg-1"], "description": "café <&> \"quoted\" 😀",
    }
    region = {"regionId": "local"}
    paged = {**region, "pageNumber": 1, "pageSize": 50}
    group = {**region, "targetGroupId": "tg-1"}
    spec = {"instanceId": "i-1", "type": "vm", "port": 8080, "weight": 10}
    targets = f"{REGION}/targetGroups/{{targetGroupId}}"
    token = {"x-jdcloud-security-token": "a token"}
    every_printable = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in "&=?")
    return [
        ("lb", "GET", f"{REGION}/loadBalancers/", dict(region), None),
        ("lb", "GET", f"{REGION}/backends/", {**paged, "filters": filters(loadBalancerType=["dnlb"])}, None),
        ("lb", "GET", f"{REGION}/backends/",
         {**paged, "filters": filters(backendNames=["be 1", "后端", "a-b_c.d~e"], loadBalancerId=["lb-1"])}, None),
        ("lb", "GET", f"{REGION}/listeners/",
         {**region, "filters": [{"name": "listenerNames", "operator": "like", "values": [every_printable]}]}, None),
        # More than nine filters: "filters.10" sorts before "filters.2".
        ("lb", "GET", f"{REGION}/targetGroups/",
         {**region, "filters": filters(**{f"name{number}": [f"v{number}"] for number in range(12)})}, None),
        ("lb", "GET", f"{REGION}/backends/{{backendId}}", {**region, "backendId": "backend-1"}, None),
        ("lb", "GET", f"{REGION}/backends/{{backendId}}", {**region, "backendId": "后端 1"}, None),
        ("lb", "GET", f"{REGION}/backends/{{backendId}}/health", {**region, "backendId": "backend-1"}, None),
        ("lb", "GET", f"{targets}:describeTargets", {**group, "pageSize": 10}, None),
        ("lb", "HEAD", f"{REGION}/backends/{{backendId}}", {**region, "backendId": "backend-1"}, None),
        ("lb", "POST", f"{REGION}/backends/", backend, None),
        ("lb", "POST", f"{targets}:registerTargets", {**group, "targetSpecs": [spec]}, None),
        ("lb", "POST", f"{targets}:deregisterTargets", {**group, "targetIds": ["t-1"]}, None),
        ("lb", "PATCH", f"{REGION}/backends/{{backendId}}",
         {**region, "backendId": "backend-1", "closeHealthCheck": True}, None),
        ("lb", "PATCH", f"{REGION}/backends/{{backendId}}:updateAgTargets",
         {**region, "backendId": "backend-1", "targetUpdateSpecs": [{"targetId": "t-1", "weight": 0}]}, token),
        ("lb", "PUT", f"{REGION}/listeners/{{listenerId}}", {**region, "listenerId": "l-1", "status": "Off"}, None),
        ("lb", "DELETE", f"{REGION}/loadBalancers/{{loadBalancerId}}",
         {**region, "loadBalancerId": "lb-1", "deleteElasticIp": False}, None),
        ("lb", "DELETE", f"{REGION}/backends/{{backendId}}", {**region, "backendId": "backend-1"}, {"If-Match": '"7"'}),
        ("ag", "GET", f"{REGION}/availabilityGroups", {**paged}, token),
        ("ag", "POST", f"{REGION}/availabilityGroups", {**region, "agName": "pool-a", "vpcId": "default"}, None),
        # No region in the path, so the scope says jdcloud-api.
        ("lb", "GET", "/status", {"detail": "all"}, None),
    ]


def main(out: str) -> None:
    server = HTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"127.0.0.1:{server.server_port}"
    for service, method, path, parameters, header in requests()[:REQUEST_LIMIT]:
        config = Config(endpoint, SCHEME_HTTP, 5)
        client = JDCloudClient(Credential(ACCESS_KEY, SECRET_KEY), config, service, "1", Logger(ERROR))
        client.send(with_parameters(JDCloudRequest(path, method, header, "v1"), parameters))
    server.shutdown()
    sdk = f"jdcloud_sdk {version('jdcloud_sdk')}"
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in Recorder.records)
    with open(out, "w", encoding="utf-8") as file:
        file.write(f'{{"sdk": "{sdk}", "requests": [\n{lines}\n]}}\n')
    print(f"{sdk}: {len(Recorder.records)} requests")


def with_parameters(request: JDCloudRequest, parameters: dict) -> JDCloudRequest:
    request.parameters = parameters
    return request


if __name__ == "__main__":
    main(sys.argv[1])
