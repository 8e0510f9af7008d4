"""How `shoal` spells the operations on resources: the words of each command, in one place.

Options are given by keyword: `check_port=8081` is `--check-port 8081`, True is the bare flag.
"""

from __future__ import annotations

Words = list[str]


def _options(values: dict) -> Words:
    words: Words = []
    for name, value in values.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif isinstance(value, list):
            words += [word for each in value for word in (flag, str(each))]
        else:
            # In one word, or a negative number would be taken for an option.
            words.append(f"{flag}={value}")
    return words


def command(family: str, action: str, /, *names: str, **options) -> Words:
    return [family, action, *names, *_options(options)]


def create_load_balancer(name: str = "new", vip: str = "10.10.0.130", **options) -> Words:
    return command("lb", "create", name, vip=vip, **options)


def create_listener(
    name: str = "web/new", protocol: str = "tcp", port: int = 81, service: str = "spare", **options,
) -> Words:
    return command("listener", "create", name, protocol=protocol, port=port, service=service, **options)


def create_service(name: str = "web/new", protocol: str = "tcp", port: int = 8080, **options) -> Words:
    return command("service", "create", name, protocol=protocol, port=port, **options)


def create_group(name: str = "web/new", **options) -> Words:
    return command("group", "create", name, **options)


def add_target(group: str = "web/idle", address: str = "10.20.0.41", port: int = 6001, weight: int = 10) -> Words:
    return command("target", "add", group, address=address, port=port, weight=weight)


def add_instance_target(group: str = "web/idle", instance: str = "i-3", **options) -> Words:
    return command("target", "add", group, instance=instance, **options)


def create_availability_group(name: str = "new", instances: tuple[str, ...] = (), **options) -> Words:
    return command("ag", "create", name, instance=list(instances), **options)


def create_instance(name: str = "new", address: str = "10.20.0.42", **options) -> Words:
    return command("instance", "create", name, address=address, **options)


def drain(group: str, target: str, **options) -> Words:
    return command("target", "drain", group, target, **options)


def update(family: str, /, *names: str, **options) -> Words:
    return command(family, "update", *names, **options)


def delete(family: str, /, *names: str, **options) -> Words:
    return command(family, "delete", *names, **options)
