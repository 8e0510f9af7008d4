// Resources together with what the API tells of their neighbours.

public import NetworkTypes

/// A listener with its load balancer and the id of its service.
public struct ListenerView: Sendable, Hashable {
    public let listener: Listener
    public let loadBalancer: LoadBalancer
    public let serviceID: ResourceID?
}

/// A backend service with its load balancer and the id of its group.
public struct ServiceView: Sendable, Hashable {
    public let service: BackendService
    public let loadBalancer: LoadBalancer
    public let groupID: ResourceID?
    public let availabilityGroupID: ResourceID?
}

/// A virtual server group with its load balancer.
public struct GroupView: Sendable, Hashable {
    public let group: ServerGroup
    public let loadBalancer: LoadBalancer
}

/// A target with its group and its address.
public struct TargetView: Sendable, Hashable {
    public let target: Target
    public let groupID: ResourceID?
    /// Of the instance where there is one.
    public let address: IPAddress?
}

/// A member of an availability group. Its id as a target is the instance's.
public struct MemberView: Sendable, Hashable {
    public let instance: Instance
    public let groupID: ResourceID?
}

extension Configuration {
    /// The views of a load balancer's listeners, in their order.
    public func views(ofListenersIn loadBalancer: LoadBalancer) -> [ListenerView] {
        loadBalancer.listeners.map { listener in
            ListenerView(
                listener: listener, loadBalancer: loadBalancer,
                serviceID: loadBalancer.services.first { $0.name == listener.service }?.id)
        }
    }

    public func views(ofServicesIn loadBalancer: LoadBalancer) -> [ServiceView] {
        loadBalancer.services.map { service in
            let groups = loadBalancer.groups.filter { service.servers == .group($0.name) }
            let pools = availabilityGroups.filter { service.servers == .availabilityGroup($0.name) }
            return ServiceView(
                service: service, loadBalancer: loadBalancer, groupID: groups.first?.id,
                availabilityGroupID: pools.first?.id)
        }
    }

    public func views(ofGroupsIn loadBalancer: LoadBalancer) -> [GroupView] {
        loadBalancer.groups.map { GroupView(group: $0, loadBalancer: loadBalancer) }
    }

    public func views(ofTargetsIn group: ServerGroup) -> [TargetView] {
        let addresses = Dictionary(instances.map { ($0.id, $0.address) }) { first, _ in first }
        return group.targets.map { target in
            let address: IPAddress? =
                switch target.server {
                case .address(let address): address
                case .instance(let id): addresses[id]
                }
            return TargetView(target: target, groupID: group.id, address: address)
        }
    }

    public func views(ofMembersIn group: AvailabilityGroup) -> [MemberView] {
        let known = Dictionary(instances.map { ($0.id, $0) }) { first, _ in first }
        return group.instances.compactMap { known[$0].map { MemberView(instance: $0, groupID: group.id) } }
    }
}
