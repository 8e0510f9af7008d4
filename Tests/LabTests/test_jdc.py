"""The unmodified `jdc` command line of the public API: from nothing to a website that serves, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import COMMON_PORTS, HTTP
from shoal_lab.processes import eventually
from shoal_lab.public_clients import JDC, LISTEN, access_to
from shoal_lab.traffic import http_burst

CHECK = {"protocol": "Tcp", "intervalSeconds": 5, "checkTimeoutSeconds": 2, "healthyThresholdCount": 2,
         "unhealthyThresholdCount": 2}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon(flags=["--listen", LISTEN], servers=2) as bench:
        yield bench


@pytest.fixture(scope="module")
def jdc(bench: Bench) -> JDC:
    return JDC(access_to(bench.daemon, bench.lab))


def test_the_command_line_makes_a_website_and_takes_it_away(bench: Bench, jdc: JDC, record_property):
    vip = bench.lab.vip.v4

    def ask(requests: int = 200) -> dict:
        outcome = http_burst(bench.client, vip, 80, requests)
        assert outcome["failed"] == 0, outcome["failedByKind"]
        return outcome["byServer"]

    # Made.
    balancer = jdc("create-load-balancer", load_balancer_name="shop", subnet_id="default", type="dnlb",
                   private_ip_address=vip)["loadBalancerId"]
    group = jdc("create-target-group", target_group_name="servers", load_balancer_id=balancer)["targetGroupId"]
    jdc("register-targets", target_group_id=group, target_specs=[
        {"type": "ip", "ipAddress": server.address.v4, "port": server.port(HTTP), "weight": 10 * server.number}
        for server in bench.servers])
    service = jdc("create-backend", backend_name="web", load_balancer_id=balancer, protocol="Tcp",
                  port=str(COMMON_PORTS[0]), algorithm="QuintupleHash", target_group_ids=[group],
                  health_check_spec=CHECK)["backendId"]
    listener = jdc("create-listener", listener_name="http", protocol="Tcp", port="80", backend_id=service,
                   load_balancer_id=balancer)["listenerId"]

    # It serves.
    def health() -> set[str]:
        return {each["status"] for each in jdc("describe-target-health", backend_id=service)["targetHealths"]}

    eventually(lambda: health() == {"healthy"}, 30, "both targets are healthy")
    outcome = ask(600)
    record_property("shares", outcome)
    assert abs(outcome["s1"] / 600 - 1 / 3) <= 0.09, "4 standard deviations of a fair choice, and 1 % of the table's"

    # Read.
    filters = [{"name": "loadBalancerType", "values": ["dnlb"]}, {"name": "loadBalancerId", "values": [balancer]}]
    found = jdc("describe-backends", page_size="50", filters=filters)
    assert [each["backendId"] for each in found["backends"]] == [service] and found["totalCount"] == 1
    assert found["backends"][0]["healthCheck"]["checkTimeoutSeconds"] == CHECK["checkTimeoutSeconds"]
    assert jdc("describe-listener", listener_id=listener)["listener"]["backendId"] == service
    assert jdc("describe-load-balancers")["loadBalancers"][0]["privateIp"]["privateIpAddress"] == vip
    targets = jdc("describe-targets", target_group_id=group)["targets"]
    assert [each["weight"] for each in targets] == [10, 20]

    # Changed. Its flags for booleans send true whatever is said, so false goes as JSON.
    jdc("update-backend", backend_id=service, input_json={"closeHealthCheck": True})
    assert health() == {"N/A"}
    jdc("update-backend", backend_id=service, input_json={"closeHealthCheck": False, "algorithm": "IpHash"})
    assert health() <= {"initial", "healthy"} and len(ask()) == 1
    jdc("update-listener", listener_id=listener, status="Off")
    assert http_burst(bench.client, vip, 80, 8, timeout=0.5)["answered"] == 0
    jdc("update-listener", listener_id=listener, status="On")
    ask()

    # Taken away, in the wrong order first.
    before = bench.rest.export()
    refusals = {
        "in use": jdc.refusal("delete-backend", backend_id=service),
        "unknown": jdc.refusal("delete-listener", listener_id="listener-nobody"),
        "weight": jdc.refusal("update-targets", target_group_id=group, target_update_specs=[
            {"targetId": targets[0]["targetId"], "weight": 101}]),
    }
    codes = {name: refusal["code"] for name, refusal in refusals.items()}
    assert codes == {"in use": 409, "unknown": 404, "weight": 400}
    assert "0...100" in refusals["weight"]["message"], "the command line shows nothing but the message"
    record_property("refusals", {name: refusal["message"] for name, refusal in refusals.items()})
    assert bench.rest.export() == before
    jdc("de-register-targets", target_group_id=group, target_ids=[targets[0]["targetId"]])
    assert set(ask()) == {"s2"}
    jdc("delete-listener", listener_id=listener)
    jdc("delete-backend", backend_id=service)
    jdc("delete-target-group", target_group_id=group)
    jdc("delete-load-balancer", load_balancer_id=balancer)
    assert jdc("describe-load-balancers")["totalCount"] == 0
    record_property("commands", jdc.calls)
