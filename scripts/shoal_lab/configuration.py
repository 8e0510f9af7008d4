"""The document that a lab's balancer is given: who is served at which VIP, by whom, how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from . import addresses
from .addresses import (
    DATAGRAMS, DIRECT, DIRECT_DATAGRAMS, DIRECT_ECHO, ECHO, FAMILIES, HTTP, STICKY, STICKY_DATAGRAMS, STICKY_ECHO,
    Application)

ALGORITHMS = {
    HTTP: "QuintupleHash", STICKY: "IpHash", ECHO: "QuintupleHash", STICKY_ECHO: "IpHash",
    DATAGRAMS: "QuintupleHash", STICKY_DATAGRAMS: "IpHash",
    DIRECT: "QuintupleHash", DIRECT_ECHO: "QuintupleHash", DIRECT_DATAGRAMS: "QuintupleHash"}


@dataclass(frozen=True)
class Wishes:
    """What a test may want of all services of a document."""

    weights: Sequence[int | None] = (10, 20, 30)
    """One for each server; with None it is no target."""
    target_fields: Mapping[int, Mapping] = field(default_factory=dict)
    """Further fields of the targets of server 1, 2, …"""
    mode: str = "nat"
    """The forwarding mode of every service."""
    drain_seconds: int | None = None
    """Of every service; without it the product's default."""
    is_checked: bool = True
    check_protocol: str = "Tcp"
    interval: int = 5
    timeout: int = 2
    unhealthy_threshold: int = 2
    healthy_threshold: int = 2
    families: Iterable[int] = FAMILIES
    applications: Iterable[Application] = (HTTP, STICKY, ECHO)


def balancer_name(family: int) -> str:
    return f"web{family}"


def service_name(application: Application, family: int) -> str:
    """Names a service; it is the only one of that name in the document, so that commands need no more."""
    return f"{application.name}{family}"


def document(wishes: Wishes = Wishes(), **changes) -> dict:
    """A load balancer of each family, with a listener, a service and a group of servers for each application."""
    wishes = replace(wishes, **changes)
    return {
        "apiVersion": "shoal/v1",
        "region": "local",
        "loadBalancers": [_balancer(family, wishes) for family in wishes.families],
    }


def _balancer(family: int, wishes: Wishes) -> dict:
    return {
        "name": balancer_name(family),
        "vip": addresses.VIP[family],
        "listeners": [
            {"name": application.name, "protocol": application.protocol, "port": application.listener_port,
             "service": service_name(application, family)}
            for application in wishes.applications],
        "services": [
            {"name": service_name(application, family), "protocol": application.protocol,
             "port": application.listener_port, "algorithm": ALGORITHMS[application], "forwardingMode": wishes.mode,
             **({} if wishes.drain_seconds is None else {"drainSeconds": wishes.drain_seconds}),
             "healthCheck": {
                 "enabled": wishes.is_checked, "protocol": wishes.check_protocol, "intervalSeconds": wishes.interval,
                 "timeoutSeconds": wishes.timeout, "unhealthyThreshold": wishes.unhealthy_threshold,
                 "healthyThreshold": wishes.healthy_threshold},
             "group": group_name(application)}
            for application in wishes.applications],
        "groups": [
            {"name": group_name(application), "targets": [
                {"address": addresses.server(number)[family], "port": application.target_port(number),
                 "weight": weight, **wishes.target_fields.get(number, {})}
                for number, weight in enumerate(wishes.weights, 1) if weight is not None]}
            for application in wishes.applications],
    }


def group_name(application: Application) -> str:
    return f"{application.name}-servers"


def yaml(value, indent: int = 0) -> str:
    """A document as YAML in block style, strings quoted where another reader could take them for something else."""
    margin = "  " * indent
    match value:
        case dict() if value:
            return "".join(f"{margin}{key}:{_nested(entry, indent)}" for key, entry in value.items())
        case list() if value:
            return "".join(f"{margin}- {yaml(entry, indent + 1).lstrip()}" if isinstance(entry, dict) and entry
                           else f"{margin}-{_nested(entry, indent)}" for entry in value)
        case _:
            return f"{margin}{_scalar(value)}\n"


def _nested(value, indent: int) -> str:
    if isinstance(value, (dict, list)) and value:
        return "\n" + yaml(value, indent + 1)
    return f" {_scalar(value)}\n"


def _scalar(value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case dict():
            return "{}"
        case list():
            return "[]"
        case _:
            text = str(value)
            is_plain = text and text[0].isalpha() and all(letter.isalnum() or letter in "-_/." for letter in text)
            if is_plain and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off"):
                return text
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
